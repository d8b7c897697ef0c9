"""Processes the receipts of channels and the replies of clients, in any order."""

from typing import Any

from chalice import Blueprint

from chalicelib.jobs.job import Job, batch_job

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="receipts", batch_size=10)
@batch_job
def receipts(body: Any, job: Job) -> None:
    """Handles one event. A forged or unreadable event is counted, logged by its code and dropped. An event
    that may succeed later raises, and is delivered again."""
    from chalicelib import wiring
    from chalicelib.domain.messages.message_events import Forged, NotUnderstood
    from chalicelib.domain.messages.receipts import Receipt
    from chalicelib.logs import logger
    from chalicelib.services.messages.process_receipt import process_receipt
    from chalicelib.services.messages.process_reply import process_reply

    try:
        events = wiring.events_of(body)
    except (Forged, NotUnderstood) as error:
        job.count(f"Events{type(error).__name__}")
        logger().warning("an event was dropped", extra={"code": error.code, "detail": str(error)})
        return
    for each in events:
        is_receipt = isinstance(each, Receipt)
        outcome = process_receipt(wiring.world(), each) if is_receipt else process_reply(wiring.world(), each)
        job.count(("Receipts" if is_receipt else "Replies") + outcome.title().replace("_", ""))
        if outcome.startswith("unknown"):
            logger().warning("an event led nowhere", extra={"code": outcome.upper()})
