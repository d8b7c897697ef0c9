"""Services and staff archived in bulk."""

from typing import Annotated

from msgspec import Meta

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id
from chalicelib.domain.shared.errors import refused
from chalicelib.services.networks.archive import (
    MAX_AT_ONCE,
    Archived,
    ToArchive,
    archive_services,
    archive_staff,
)


class WhatToArchive(Body):
    """ids: which ones. Or unreviewed true: all that booking sites named and nobody looked at; with a
    connection_id, only those that this connection named."""

    ids: Annotated[list[Id], Meta(min_length=1, max_length=MAX_AT_ONCE)] | None = None
    unreviewed: bool = False
    connection_id: Id | None = None


class ArchivedAnswer(Answered):
    """left: how many more there are; ask again until there are none."""

    archived: int
    left: int


@post("/v1/services/archive")
@endpoint(roles=OFFICE, body=WhatToArchive, answer=ArchivedAnswer)
def archive_many_services(ask: Ask) -> ArchivedAnswer:
    return _answer(archive_services(ask.world, ask.access, _chosen(ask.body)))


@post("/v1/staff/archive")
@endpoint(roles=OFFICE, body=WhatToArchive, answer=ArchivedAnswer)
def archive_many_staff(ask: Ask) -> ArchivedAnswer:
    return _answer(archive_staff(ask.world, ask.access, _chosen(ask.body)))


def _chosen(body: WhatToArchive) -> ToArchive:
    if (body.ids is None) is not body.unreviewed:
        raise refused("INVALID_CHOICE", "Name ids, or say unreviewed true, and not both.")
    return ToArchive(body.ids, body.connection_id)


def _answer(archived: Archived) -> ArchivedAnswer:
    return ArchivedAnswer(archived=archived.archived, left=archived.left)
