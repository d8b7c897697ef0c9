"""Makes reports: called by the API, which waits for the answer. Only this function and `renew` have
DuckDB."""

from typing import Any

from chalice import Blueprint

from chalicelib.jobs.job import Job, call_job, count_message

bp = Blueprint(__name__)


@bp.lambda_function(name="reports")
@call_job
def reports(asked: Any, job: Job) -> Any:
    import msgspec

    from chalicelib import wiring
    from chalicelib.services.reports.report_engine import ReportCall, made

    try:
        answer = made(wiring.report_engine(count_message), msgspec.convert(asked, ReportCall))
    finally:
        wiring.world().store.take_unreadable()  # this function may write nothing: `renew` meets it, too
    job.count("ReportsMade", int(answer.refused is None))
    return msgspec.to_builtins(answer)
