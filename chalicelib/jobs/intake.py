"""Ingests received webhooks, those of one connection one after another."""

from chalice import Blueprint

from chalicelib.jobs.job import Job, batch_job

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="intake.fifo", batch_size=10)
@batch_job
def intake(body: dict[str, str], job: Job) -> None:
    from chalicelib import wiring
    from chalicelib.services.intake.ingest import ingest
    from chalicelib.services.shared.unreadable import park_unreadable

    again = job.receives > 1
    state = ingest(wiring.intake(), body["network_id"], body["inbox_id"], again=again)
    job.count("ItemsParked", park_unreadable(wiring.world()))
    job.count("WebhooksTakenIn")
    job.count("WebhooksQuarantined", int(state == "quarantined"))
