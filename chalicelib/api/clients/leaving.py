"""Why clients leave, in their own words, and what came of calling them."""

from chalicelib.api.clients.client_schemas import ClientAnswer, full
from chalicelib.api.clients.statement_schemas import CallAnswer, call_answer
from chalicelib.api.http.endpoint import DESK, Ask, endpoint, get, post, put
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Line, PageOf
from chalicelib.domain.clients.calls import CallResult
from chalicelib.domain.clients.leaving import OUTSIDE, LeavingReason
from chalicelib.domain.shared.languages import LANGUAGES
from chalicelib.services.clients.leaving import LeavingStatement, needs_reason, record_call, state_reason
from chalicelib.texts.leaving import leaving_reason_name


class LeavingReasonRequest(Body):
    """reason null: what the client stated before is taken back. words: the client's own."""

    reason: LeavingReason | None
    words: Line | None = None


class CalledRequest(Body):
    """leaving_reason, words: what the client stated in the call."""

    result: CallResult
    leaving_reason: LeavingReason | None = None
    words: Line | None = None


class CalledAnswer(Answered):
    """needs_leaving_reason: the client refused, and nobody has recorded why."""

    client_id: str
    last_call: CallAnswer | None
    needs_leaving_reason: bool


class LeavingReasonAnswer(Answered):
    """names: by language. outside: it lies with nobody of the salon."""

    reason: str
    outside: bool
    names: dict[str, str]


@get("/v1/leaving-reasons")
@endpoint(roles=DESK, answer=PageOf[LeavingReasonAnswer])
def list_leaving_reasons(_ask: Ask) -> PageOf[LeavingReasonAnswer]:
    """All that a client may state, in the order in which they are offered."""
    return PageOf(
        items=[
            LeavingReasonAnswer(
                reason=reason.value,
                outside=reason in OUTSIDE,
                names={language: leaving_reason_name(reason, language) for language in LANGUAGES},
            )
            for reason in LeavingReason
        ]
    )


@put("/v1/clients/{client_id}/leaving-reason")
@endpoint(roles=DESK, body=LeavingReasonRequest, answer=ClientAnswer)
def set_leaving_reason(ask: Ask, client_id: str) -> ClientAnswer:
    stated = LeavingStatement(ask.body.reason, ask.body.words)
    return full(ask, state_reason(ask.world, ask.access, client_id, stated))


@post("/v1/clients/{client_id}/called")
@endpoint(roles=DESK, body=CalledRequest, answer=CalledAnswer)
def called(ask: Ask, client_id: str) -> CalledAnswer:
    """A second tap within ten minutes counts once; another result within them puts the first right."""
    request: CalledRequest = ask.body
    reason = request.leaving_reason
    stated = LeavingStatement(reason, request.words) if reason is not None else None
    client = record_call(ask.world, ask.access, client_id, request.result, stated)
    return CalledAnswer(
        client_id=client.id,
        last_call=call_answer(client.last_call),
        needs_leaving_reason=needs_reason(client),
    )
