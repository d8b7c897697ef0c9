"""Webhooks in: any content type, any bytes; answered once they are durable."""

from chalice.app import Request

from chalicelib.api.http.container import container
from chalicelib.api.http.endpoint import Answer, bp, public, raw_body
from chalicelib.api.http.kept import kept_of
from chalicelib.api.http.schemas import Answered
from chalicelib.domain.networks.network import Connection
from chalicelib.domain.shared.quotas import CallerKind
from chalicelib.services.intake.receive_webhook import known_connection, receive


class ReceiptAnswer(Answered):
    """status: accepted, duplicate, ignored or quarantined."""

    status: str
    inbox_id: str


@bp.route("/hooks/{site}/{token}", methods=["POST"], content_types=["*/*"])
@public(answer=ReceiptAnswer, takes="*/*")
def take(request: Request, site: str, token: str) -> ReceiptAnswer:
    receiving, headers = container().receiving(), dict(request.headers)
    sent_from = (request.context.get("identity") or {}).get("sourceIp")
    note_refused = kept_of(container().world()).refused.note
    receipt = receive(receiving, site, token, raw_body(request), headers, sent_from, _count, note_refused)
    return ReceiptAnswer(status=receipt.status, inbox_id=receipt.inbox_id)


def _count(connection: Connection) -> None:
    """Counts a delivery against the quota of its connection, which has one for each salon that its settings
    name. Raises QUOTA_SPENT."""
    kind = CallerKind.SIGNED_SITE if connection.is_signed else CallerKind.UNSIGNED_SITE
    mapped = sum(name.startswith("salon:") for name in connection.settings)
    quotas = kept_of(container().world()).quotas
    quotas.count(connection.network_id, connection.id, kind, times=max(mapped, 1))


@bp.route("/hooks/{site}/{token}", methods=["GET", "HEAD"], content_types=["*/*"])
@public(answer=dict[str, str])
def probe(request: Request, site: str, token: str) -> Answer:
    """Some sites look whether an address exists before they send to it."""
    known_connection(container().world(), site, token)
    return Answer({"status": "ok"})
