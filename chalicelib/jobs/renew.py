"""Renews pages of facts, those of one page one after another."""

from chalice import Blueprint

from chalicelib.jobs.job import Job, batch_job

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="renew.fifo", batch_size=1)
@batch_job
def renew(body: dict[str, str], job: Job) -> None:
    from chalicelib import wiring
    from chalicelib.domain.facts.fact_pages import VISITS, PageName
    from chalicelib.services.facts.renew_page import renew_page
    from chalicelib.services.shared.unreadable import park_unreadable

    world, network_id = wiring.world(), body["network_id"]
    named = PageName(body.get("table", VISITS), body["salon_id"], body["month"])
    try:
        renew_page(world, wiring.fact_files(), network_id, named, whole=bool(body.get("whole")))
        job.count("PagesRenewed")
    finally:
        job.count("ItemsParked", park_unreadable(world))
