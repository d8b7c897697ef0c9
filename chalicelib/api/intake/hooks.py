"""Webhooks in: any content type, any bytes; answered once they are durable."""

from chalice.app import Request

from chalicelib.api.http.container import container
from chalicelib.api.http.endpoint import Answer, bp, public, raw_body
from chalicelib.api.http.schemas import Answered
from chalicelib.services.intake.receive_webhook import known_connection, receive


class ReceiptAnswer(Answered):
    """status: accepted, duplicate, ignored or quarantined."""

    status: str
    inbox_id: str


@bp.route("/hooks/{site}/{token}", methods=["POST"], content_types=["*/*"])
@public(answer=ReceiptAnswer, takes="*/*")
def take(request: Request, site: str, token: str) -> ReceiptAnswer:
    receipt = receive(container().receiving(), site, token, raw_body(request), dict(request.headers))
    return ReceiptAnswer(status=receipt.status, inbox_id=receipt.inbox_id)


@bp.route("/hooks/{site}/{token}", methods=["GET", "HEAD"], content_types=["*/*"])
@public(answer=dict[str, str])
def probe(request: Request, site: str, token: str) -> Answer:
    """Some sites look whether an address exists before they send to it."""
    known_connection(container().world(), site, token)
    return Answer({"status": "ok"})
