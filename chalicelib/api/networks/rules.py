"""The rules of a network, and the history of their versions."""

from typing import Annotated

from msgspec import UNSET, Meta

from chalicelib.api.http.endpoint import DESK, OFFICE, Ask, endpoint, get, put
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Cursor, PageOf
from chalicelib.api.networks.bonus_schemas import bonuses_of_request
from chalicelib.api.networks.category_schemas import definitions_of_request
from chalicelib.api.networks.rule_schemas import (
    RulesAnswer,
    RulesChangeAnswer,
    RulesRequest,
    change_answer,
    messages_of_request,
    overrides_of_request,
    rules_answer,
)
from chalicelib.domain.networks.network import Network
from chalicelib.services.networks.set_rules import rules_history, set_rules
from chalicelib.services.waking.replan import running_replan


class HistoryListing(Body):
    """Each version is shown whole, so that fewer make a page."""

    limit: Annotated[int, Meta(ge=1, le=20)] = 10
    cursor: Cursor | None = None


def _answer(ask: Ask, network: Network) -> RulesAnswer:
    return rules_answer(network, running_replan(ask.world, network.network_id))


@get("/v1/rules")
@endpoint(roles=DESK, answer=RulesAnswer)
def see(ask: Ask) -> RulesAnswer:
    network = ask.world.store.get(Network, network_id=ask.access.network_id)
    return _answer(ask, network or ask.world.directory(ask.access.network_id).network)


@put("/v1/rules")
@endpoint(roles=OFFICE, body=RulesRequest, answer=RulesAnswer)
def change(ask: Ask) -> RulesAnswer:
    """A walk plans again what is upcoming; it begins a minute later."""
    request: RulesRequest = ask.body
    network = set_rules(
        ask.world,
        ask.access,
        request.version,
        messages=messages_of_request(request.messages, "messages") if request.messages is not UNSET else {},
        bonuses=bonuses_of_request(request.bonuses) if request.bonuses is not UNSET else {},
        overrides=overrides_of_request(request.overrides) if request.overrides is not UNSET else None,
        categories=definitions_of_request(request.categories),
    )
    return _answer(ask, network)


@get("/v1/rules/changes")
@endpoint(roles=OFFICE, query=HistoryListing, answer=PageOf[RulesChangeAnswer])
def history(ask: Ask) -> PageOf[RulesChangeAnswer]:
    """Who set what, and when: the newest first. What stood before the first change is its oldest line."""
    page, before = rules_history(ask.world, ask.access, limit=ask.query.limit, cursor=ask.query.cursor)
    lines = zip(page.items, before, strict=True)
    return PageOf(items=[change_answer(*line) for line in lines], next_cursor=page.cursor)
