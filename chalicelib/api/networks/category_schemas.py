"""Definitions of categories in requests and answers."""

from msgspec import UNSET, UnsetType

from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import given
from chalicelib.api.networks.bonus_schemas import Whole
from chalicelib.domain.networks.category_definitions import CategoryDefinitions


class CategoryDefinitionsRequest(Body):
    """version: accepted, so that an answer can be sent back, and ignored."""

    version: Whole | UnsetType = UNSET
    regular_months: Whole | UnsetType = UNSET
    at_risk_visits: Whole | UnsetType = UNSET
    at_risk_factor_percent: Whole | UnsetType = UNSET
    at_risk_min_days_over: Whole | UnsetType = UNSET
    lost_months: Whole | UnsetType = UNSET


def definitions_of_request(request: CategoryDefinitionsRequest | UnsetType) -> dict[str, int]:
    return given(request, "version") if request is not UNSET else {}


def definitions_shown(definitions: CategoryDefinitions) -> CategoryDefinitionsRequest:
    return CategoryDefinitionsRequest(
        version=definitions.version,
        regular_months=definitions.regular_months,
        at_risk_visits=definitions.at_risk_visits,
        at_risk_factor_percent=definitions.at_risk_factor_percent,
        at_risk_min_days_over=definitions.at_risk_min_days_over,
        lost_months=definitions.lost_months,
    )
