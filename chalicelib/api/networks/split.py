"""Staff and services that may be several: a report, and the split of one."""

from typing import Annotated

from msgspec import Meta

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, get, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Line, Listing, PageOf, in_pages
from chalicelib.api.networks.set_up import (
    ServiceAnswer,
    StaffAnswer,
    name_fields,
    service_answer,
    staff_answer,
)
from chalicelib.domain.networks.network import Service, Staff
from chalicelib.domain.networks.splitting import Mixed
from chalicelib.services.networks import split

_MOST_IDS = 50
ExternalId = Annotated[str, Meta(min_length=3, max_length=400)]


class SiteIdAnswer(Answered):
    """A site's id that leads to one. site_id: what a split names, `<connection_id>:<id>`. site: null of a
    connection that was deleted. called: what the site calls it; null: it has told no name."""

    site_id: str
    connection_id: str
    site: str | None
    id: str
    called: str | None


class MixedAnswer(Answered):
    """One that may be several. salon_ids: of staff. namesakes: the ids of others of the same name, of staff
    in the same salon."""

    id: str
    name: str
    name_known: bool
    salon_ids: tuple[str, ...]
    archived: bool
    site_ids: list[SiteIdAnswer]
    namesakes: list[str]


class WhatToSplit(Body):
    """site_ids: those that go to the new one, as the report names them. name: of the new one; left out: what
    the site calls it."""

    site_ids: Annotated[list[ExternalId], Meta(min_length=1, max_length=_MOST_IDS)]
    name: Line | None = None


class StaffSplitAnswer(Answered):
    """staff: the new one. source: the one that was split. walk_id: the walk that takes upcoming bookings
    along; null where an earlier request made the split."""

    staff: StaffAnswer
    source: StaffAnswer
    walk_id: str | None


class ServiceSplitAnswer(Answered):
    """service: the new one; the rest as of staff."""

    service: ServiceAnswer
    source: ServiceAnswer
    walk_id: str | None


@get("/v1/staff/mixed")
@endpoint(roles=OFFICE, query=Listing, answer=PageOf[MixedAnswer])
def list_mixed_staff(ask: Ask) -> PageOf[MixedAnswer]:
    """Staff to whom several sites' ids lead, or who share a name."""
    found = split.mixed_staff(ask.world, ask.access)
    return in_pages((_mixed(ask, each) for each in found), ask.query)


@get("/v1/services/mixed")
@endpoint(roles=OFFICE, query=Listing, answer=PageOf[MixedAnswer])
def list_mixed_services(ask: Ask) -> PageOf[MixedAnswer]:
    """Services to which several sites' ids lead, or which share a name."""
    found = split.mixed_services(ask.world, ask.access)
    return in_pages((_mixed(ask, each) for each in found), ask.query)


def _mixed(ask: Ask, found: Mixed[Staff] | Mixed[Service]) -> MixedAnswer:
    value = found.value
    return MixedAnswer(
        id=value.id,
        **name_fields(ask, value),
        salon_ids=value.salon_ids if isinstance(value, Staff) else (),
        archived=value.archived,
        site_ids=_ids(found),
        namesakes=list(found.namesakes),
    )


@post("/v1/staff/{staff_id}/split")
@endpoint(roles=OFFICE, body=WhatToSplit, answer=StaffSplitAnswer, status=201)
def split_staff(ask: Ask, staff_id: str) -> StaffSplitAnswer:
    """Separates a specialist whom sites' ids mixed up with another one."""
    done = split.split_staff(ask.world, ask.access, staff_id, ask.body.site_ids, ask.body.name)
    return StaffSplitAnswer(
        staff=staff_answer(ask, done.separated),
        source=staff_answer(ask, done.source),
        walk_id=done.walk.id if done.walk else None,
    )


@post("/v1/services/{service_id}/split")
@endpoint(roles=OFFICE, body=WhatToSplit, answer=ServiceSplitAnswer, status=201)
def split_service(ask: Ask, service_id: str) -> ServiceSplitAnswer:
    """Separates a service that sites' ids mixed up with another one."""
    done = split.split_service(ask.world, ask.access, service_id, ask.body.site_ids, ask.body.name)
    return ServiceSplitAnswer(
        service=service_answer(ask, done.separated),
        source=service_answer(ask, done.source),
        walk_id=done.walk.id if done.walk else None,
    )


def _ids(found: Mixed[Staff] | Mixed[Service]) -> list[SiteIdAnswer]:
    return [
        SiteIdAnswer(
            site_id=each.external_id,
            connection_id=each.connection_id,
            site=each.site,
            id=each.id,
            called=each.called,
        )
        for each in found.ids
    ]
