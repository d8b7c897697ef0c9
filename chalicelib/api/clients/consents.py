"""What clients allow: set it, and see how it came about."""

from datetime import datetime
from typing import Annotated

from msgspec import Meta

from chalicelib.api.clients.client_schemas import ClientAnswer, ConsentAnswer, consent_answer, full
from chalicelib.api.http.endpoint import DESK, Ask, endpoint, get, put
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Listing, in_pages
from chalicelib.domain.clients.clients import ConsentChange
from chalicelib.services.clients.consents import Statement, history, set_consents
from chalicelib.services.clients.register_client import get_client


class ConsentRequest(Body):
    granted: bool
    how: Annotated[str, Meta(min_length=1, max_length=200)]


class ConsentLine(Answered):
    """One change. void: what had been granted counts no more, because the address that it was given for did
    change; nothing was refused. merged_from: the client of whom it was said, who was merged into this one."""

    id: str
    channel: str
    purpose: str
    granted: bool
    void: bool
    at: datetime
    how: str
    actor: str
    merged_from: str | None = None


class ConsentHistory(Answered):
    """consents: as they stand now. items: how they came about, the newest first."""

    consents: list[ConsentAnswer]
    items: list[ConsentLine]
    next_cursor: str | None = None


@put("/v1/clients/{client_id}/consents/{channel}/{purpose}")
@endpoint(roles=DESK, body=ConsentRequest, answer=ClientAnswer)
def set_consent(ask: Ask, client_id: str, channel: str, purpose: str) -> ClientAnswer:
    client = set_consents(
        ask.world,
        ask.access.network_id,
        client_id,
        [(channel, purpose)],
        Statement(ask.body.how, ask.access.actor),
        granted=ask.body.granted,
    )
    return full(ask, client)


@get("/v1/clients/{client_id}/consents")
@endpoint(roles=DESK, query=Listing, answer=ConsentHistory)
def consents(ask: Ask, client_id: str) -> ConsentHistory:
    client = get_client(ask.world, ask.access, client_id)
    lines = in_pages(history(ask.world, client.network_id, client.id), ask.query, newest_first=True)
    return ConsentHistory(
        consents=[consent_answer(consent) for consent in client.consents],
        items=[_line(line) for line in lines.items],
        next_cursor=lines.next_cursor,
    )


def _line(line: ConsentChange) -> ConsentLine:
    consent = line.consent
    return ConsentLine(
        id=line.id,
        channel=consent.channel,
        purpose=consent.purpose.value,
        granted=consent.granted,
        void=line.void,
        at=consent.at,
        how=consent.how,
        actor=consent.actor,
        merged_from=consent.merged_from,
    )
