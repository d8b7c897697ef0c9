"""How much is tried: `make test` tries the same little each time, `make test-long` much, and anew."""

from hypothesis import settings

from tests.schedules.profile import LONG, lives


def stateful(few: int, steps: int, many: int, many_steps: int = 50) -> settings:
    """Runs, and steps in each."""
    return settings(lives(few, many), stateful_step_count=many_steps if LONG else steps)
