"""The numbers by which a network's clients fall into categories (docs/product.md, Categories of clients)."""

from datetime import date

from msgspec import Struct


class CategoryDefinitions(Struct, frozen=True, kw_only=True):
    """version: 1 for the definitions that a network begins with; each change of them counts one more. since:
    the local date from which they hold (network's zone); None: from the beginning.

    regular_months          in how many calendar months running a regular has come.
    at_risk_visits          from how many visits on a client can be at risk.
    at_risk_factor_percent  the part of the usual gap after which a client is overdue.
    at_risk_min_days_over   by how many days the usual gap is over at least.
    lost_months             after how many calendar months without a visit a client is lost.
    """

    version: int = 1
    since: date | None = None
    regular_months: int = 6
    at_risk_visits: int = 3
    at_risk_factor_percent: int = 125
    at_risk_min_days_over: int = 7
    lost_months: int = 2


FIRST_DEFINITIONS = CategoryDefinitions()
