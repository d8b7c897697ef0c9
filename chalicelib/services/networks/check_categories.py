"""Check the definitions of categories before they are saved, or tried."""

from collections.abc import Mapping

from chalicelib.domain.networks.category_definitions import CategoryDefinitions
from chalicelib.services.networks.rule_errors import within

CATEGORY_BOUNDS: Mapping[str, tuple[int, int]] = {
    "regular_months": (2, 6),
    "at_risk_visits": (2, 20),
    "at_risk_factor_percent": (100, 400),
    "at_risk_min_days_over": (0, 90),
    "lost_months": (1, 24),
}
"""A regular's months are at most those of which a client keeps a visit each, less the one before the present
month."""


def check_categories(categories: CategoryDefinitions) -> None:
    """Raises INVALID_RULE, naming the first field that is out of its bounds."""
    for name, bounds in CATEGORY_BOUNDS.items():
        within(f"categories.{name}", getattr(categories, name), bounds)
