"""Temporary: see app.py."""

from chalice import Blueprint

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="intake.fifo", batch_size=10)
def intake(event):
    return {"batchItemFailures": []}
