"""How many schedules are lived: `make test` lives the same few hundred each time, `HYPOTHESIS_PROFILE=long`
thousands of new ones."""

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"


def lives(few: int, many: int) -> settings:
    return settings(
        max_examples=many if LONG else few,
        derandomize=not LONG,
        deadline=None,
        suppress_health_check=list(HealthCheck),
    )
