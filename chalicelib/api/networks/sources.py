"""The sources of a network's clients, with what each cost by month; and words that no source has."""

from datetime import date
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chalicelib.api.http.endpoint import OFFICE, OWNER, Ask, delete, endpoint, get, patch, post, put
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Line, Listing, Money, PageOf, amount_of, given, in_pages
from chalicelib.api.networks.set_up import SetUpListing, Whole
from chalicelib.domain.networks.sources import MAX_WORD, Source, SourceType
from chalicelib.domain.shared.errors import missing
from chalicelib.services.networks import manage_sources
from chalicelib.services.networks.manage_sources import UnknownWord

Alias = Annotated[str, Meta(min_length=1, max_length=MAX_WORD)]
Aliases = Annotated[tuple[Alias, ...], Meta(max_length=200)]


class NewSource(Body):
    """aliases: other words for it, as sites send and people write them."""

    name: Line
    type: SourceType
    aliases: Aliases = ()


class SourceChanges(Body):
    """aliases: all of them. A former name becomes an alias by itself."""

    name: Line | UnsetType = UNSET
    type: SourceType | UnsetType = UNSET
    aliases: Aliases | UnsetType = UNSET
    archived: bool | UnsetType = UNSET
    version: Whole | UnsetType = UNSET


class CostRequest(Body):
    """cost: what the source cost in that month; null takes the figure away."""

    cost: Money | None
    version: Whole | None = None


class SourceCostAnswer(Answered):
    month: str
    cost: Money


class SourceAnswer(Answered):
    """aliases: in the form in which words are compared. costs: the latest month first."""

    id: str
    name: str
    type: str
    aliases: list[str]
    costs: list[SourceCostAnswer]
    archived: bool
    version: int


class HeardAnswer(Answered):
    """A word that no source has. days: on how many days (UTC) a new client came with it. The last three are
    null for a connection's own word, which new clients get of whom its site says nothing else."""

    word: str
    days: int | None
    first_on: date | None
    last_on: date | None


def _answer(source: Source) -> SourceAnswer:
    costs = [
        SourceCostAnswer(month=month, cost=Money(amount_minor=cost.amount_minor, currency=cost.currency))
        for month, cost in sorted(source.costs.items(), reverse=True)
    ]
    return SourceAnswer(
        id=source.id,
        name=source.name,
        type=source.type.value,
        aliases=list(source.aliases),
        costs=costs,
        archived=source.archived,
        version=source.version,
    )


@post("/v1/sources")
@endpoint(roles=OWNER, body=NewSource, answer=SourceAnswer, status=201)
def add_source(ask: Ask) -> SourceAnswer:
    return _answer(manage_sources.add_source(ask.world, ask.access, given(ask.body), ask.request_id))


@get("/v1/sources")
@endpoint(roles=OFFICE, query=SetUpListing, answer=PageOf[SourceAnswer])
def list_sources(ask: Ask) -> PageOf[SourceAnswer]:
    known = ask.world.fresh_directory(ask.access.network_id).sources.values()
    listed = (_answer(each) for each in known if ask.query.archived or not each.archived)
    return in_pages(listed, ask.query)


@get("/v1/sources/unknown")
@endpoint(roles=OFFICE, query=Listing, answer=PageOf[HeardAnswer])
def list_unknown_words(ask: Ask) -> PageOf[HeardAnswer]:
    """Words of connections come first, then those that were heard, on the most days first."""
    found = manage_sources.unknown_words(ask.world.fresh_directory(ask.access.network_id))
    page = in_pages(found, ask.query, position=_position)
    items = [_heard(each) for each in page.items]
    return PageOf(items=items, next_cursor=page.next_cursor)


def _position(unknown: UnknownWord) -> str:
    heard = unknown.heard
    return f"1 {10**6 - heard.days:07} {heard.id}" if heard is not None else f"0 {unknown.word}"


def _heard(unknown: UnknownWord) -> HeardAnswer:
    heard = unknown.heard
    return HeardAnswer(
        word=unknown.word,
        days=heard.days if heard is not None else None,
        first_on=heard.first_on if heard is not None else None,
        last_on=heard.last_on if heard is not None else None,
    )


@get("/v1/sources/{source_id}")
@endpoint(roles=OFFICE, answer=SourceAnswer)
def get_source(ask: Ask, source_id: str) -> SourceAnswer:
    source = ask.world.fresh_directory(ask.access.network_id).sources.get(source_id)
    if source is None:
        raise missing("source", source_id)
    return _answer(source)


@patch("/v1/sources/{source_id}")
@endpoint(roles=OWNER, body=SourceChanges, answer=SourceAnswer)
def change_source(ask: Ask, source_id: str) -> SourceAnswer:
    return _answer(manage_sources.change_source(ask.world, ask.access, source_id, given(ask.body)))


@delete("/v1/sources/{source_id}")
@endpoint(roles=OWNER, answer=SourceAnswer)
def archive_source(ask: Ask, source_id: str) -> SourceAnswer:
    return _answer(manage_sources.change_source(ask.world, ask.access, source_id, {"archived": True}))


@put("/v1/sources/{source_id}/costs/{month}")
@endpoint(roles=OWNER, body=CostRequest, answer=SourceAnswer)
def set_cost(ask: Ask, source_id: str, month: str) -> SourceAnswer:
    cost = amount_of(ask.body.cost) if ask.body.cost is not None else None
    return _answer(manage_sources.set_cost(ask.world, ask.access, source_id, month, cost, ask.body.version))
