"""Processes the receipts of channels and the replies of clients, in any order."""

from typing import TYPE_CHECKING, Any

from chalice import Blueprint

from chalicelib.jobs.job import Job, batch_job

if TYPE_CHECKING:
    from chalicelib.domain.messages.receipts import Receipt
    from chalicelib.domain.messages.replies import Reply

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="receipts", batch_size=10)
@batch_job
def receipts(body: Any, job: Job) -> None:
    """Handles one event. A forged or unreadable event is counted, logged by its code and dropped. An event
    that may succeed later raises, and is delivered again."""
    from chalicelib import wiring
    from chalicelib.domain.messages.message_events import Forged, NotUnderstood
    from chalicelib.logs import logger
    from chalicelib.services.shared.unreadable import park_unreadable

    try:
        events = wiring.events_of(body)
    except (Forged, NotUnderstood) as error:
        job.count(f"Events{type(error).__name__}")
        logger().warning("an event was dropped", extra={"code": error.code, "detail": str(error)})
        return
    try:
        for each in events:
            _process(each, job)
    finally:
        job.count("ItemsParked", park_unreadable(wiring.world()))


def _process(event: "Receipt | Reply", job: Job) -> None:
    from chalicelib import wiring
    from chalicelib.domain.messages.receipts import Receipt
    from chalicelib.logs import logger
    from chalicelib.services.messages.process_receipt import process_receipt
    from chalicelib.services.messages.process_reply import process_reply

    if isinstance(event, Receipt):
        outcome = process_receipt(wiring.world(), event)
        job.count("Receipts" + outcome.title().replace("_", ""))
    else:
        outcome = process_reply(wiring.world(), event)
        job.count("Replies" + outcome.title().replace("_", ""))
    if outcome.startswith("unknown"):
        logger().warning("an event led nowhere", extra={"code": outcome.upper()})
