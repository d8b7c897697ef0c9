"""Renews pages of facts, those of one page one after another, and measures chosen metrics."""

from chalice import Blueprint

from chalicelib.jobs.job import Job, batch_job

bp = Blueprint(__name__)


@bp.on_sqs_message(queue="renew.fifo", batch_size=1)
@batch_job
def renew(body: dict[str, str], job: Job) -> None:
    from chalicelib import wiring
    from chalicelib.services.shared.unreadable import park_unreadable

    world = wiring.world()
    try:
        if "metric_id" in body:
            _measure(body, job)
        else:
            _renew(body, job)
    finally:
        job.count("ItemsParked", park_unreadable(world))


def _renew(body: dict[str, str], job: Job) -> None:
    from chalicelib import wiring
    from chalicelib.domain.facts.fact_pages import VISITS, PageName
    from chalicelib.services.facts.renew_page import renew_page

    named = PageName(body.get("table", VISITS), body["salon_id"], body["month"])
    whole = bool(body.get("whole"))
    renew_page(wiring.world(), wiring.fact_files(), body["network_id"], named, whole=whole)
    job.count("PagesRenewed")


def _measure(body: dict[str, str], job: Job) -> None:
    from chalicelib import wiring
    from chalicelib.services.reports.measure_metric import measure_metric

    measure_metric(wiring.world(), wiring.reports(), body["network_id"], body["metric_id"])
    job.count("MetricsMeasured")
