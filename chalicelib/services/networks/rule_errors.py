"""Refuse a rule, naming its field by its path in the request."""

from collections.abc import Set

from chalicelib.domain.shared.errors import refused

MAX_NAME = 60


def invalid_rule(field: str, message: str) -> Exception:
    """The error to raise. message: why the value is wrong, and which values are right."""
    return refused("INVALID_RULE", message, field=field)


def within(field: str, value: int | None, bounds: tuple[int, int]) -> None:
    """Both bounds are included. Raises INVALID_RULE."""
    least, most = bounds
    if value is not None and not least <= value <= most:
        raise invalid_rule(field, f"{field} lies between {least} and {most}.")


def check_name(field: str, name: str, taken: Set[str] = frozenset()) -> None:
    """Raises INVALID_RULE for a name that cannot be read, or that another has."""
    if not name.strip() or not name.isprintable() or len(name) > MAX_NAME:
        raise invalid_rule(field, f"{field} has 1 to {MAX_NAME} characters that can be seen.")
    if name in taken:
        raise invalid_rule(field, f"There is another {name}: each has a name of its own.")
