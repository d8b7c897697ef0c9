"""How much Hypothesis tries: `make test` the same little each time, so that one commit always passes or
always fails; `make test-long` (HYPOTHESIS_PROFILE=long) twenty times as much, and anew each time."""

import os

from hypothesis import HealthCheck, settings

LONG = os.environ.get("HYPOTHESIS_PROFILE") == "long"
_TIMES_LONGER = 20

settings.register_profile(
    "perennial",
    max_examples=100 * (_TIMES_LONGER if LONG else 1),
    derandomize=not LONG,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.load_profile("perennial")


def tries(few: int, many: int | None = None) -> settings:
    """Other numbers of examples than usual, each of which may be large."""
    return settings(
        max_examples=(many or few * _TIMES_LONGER) if LONG else few, suppress_health_check=list(HealthCheck)
    )


def stateful(few: int, steps: int, many: int, many_steps: int = 50) -> settings:
    """Runs of a state machine, and steps in each."""
    return settings(tries(few, many), stateful_step_count=many_steps if LONG else steps)
