"""What was said of a client, as it is answered: corrections of the source, reasons for leaving, calls."""

from datetime import datetime

from chalicelib.api.http.schemas import Answered
from chalicelib.domain.clients.calls import PhoneCall
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.first_source import record_of
from chalicelib.domain.clients.leaving import OUTSIDE, StatedReason, reason_in_force
from chalicelib.domain.networks.access import Access
from chalicelib.texts.leaving import leaving_reason_name


class SourceCorrectionAnswer(Answered):
    """source: what a person said that it really is."""

    source: str | None
    at: datetime
    actor: str


class StatedReasonAnswer(Answered):
    """reason null: what was stated before is taken back. name: in the network's language. outside: it lies
    with nobody of the salon."""

    reason: str | None
    name: str | None
    outside: bool
    words: str | None
    at: datetime
    actor: str


class CallAnswer(Answered):
    """The last call. number: how many there were with it."""

    result: str
    at: datetime
    actor: str
    number: int


def corrections(client: Client) -> list[SourceCorrectionAnswer]:
    """The latest first."""
    found = record_of(client).corrected
    return [SourceCorrectionAnswer(source=each.word, at=each.at, actor=each.actor) for each in found]


def present_reason(access: Access, client: Client, language: str) -> StatedReasonAnswer | None:
    present = reason_in_force(client.leaving)
    return _reason(access, present, language) if present is not None else None


def stated_reasons(access: Access, client: Client, language: str) -> list[StatedReasonAnswer]:
    """The latest first."""
    return [_reason(access, each, language) for each in client.leaving]


def _reason(access: Access, stated: StatedReason, language: str) -> StatedReasonAnswer:
    return StatedReasonAnswer(
        reason=stated.reason.value if stated.reason else None,
        name=leaving_reason_name(stated.reason, language) if stated.reason else None,
        outside=stated.reason in OUTSIDE,
        words=access.as_shown(stated.words) if stated.words else None,
        at=stated.at,
        actor=stated.actor,
    )


def call_answer(call: PhoneCall | None) -> CallAnswer | None:
    if call is None:
        return None
    return CallAnswer(result=call.result.value, at=call.at, actor=call.actor, number=call.number)
