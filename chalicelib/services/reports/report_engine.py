"""What makes reports: a function of its own in a deployment, and the same code in this process in tests."""

from collections.abc import Mapping
from typing import Any, Protocol

from msgspec import Struct, field

from chalicelib.domain.reports.questions import ListedClients, Question, Report
from chalicelib.domain.shared.errors import DomainError, ErrorKind, Unreadable

RETRY_AFTER_SECONDS = 60
UNREADABLE = "unreadable"
ReportOrClients = Report | ListedClients


class ReportEngine(Protocol):
    def report(self, network_id: str, question: Question) -> ReportOrClients:
        """The figures that a question asks for, or the clients behind one (`listed`).

        Raises what `settled` raises, REPORT_FAILED and FACTS_NOT_READY."""


class ReportCall(Struct, frozen=True):
    """A call of the reports function."""

    network_id: str
    question: Question


class RefusedReport(Struct, frozen=True):
    """An error on its way from one function to another: a DomainError with its `ErrorKind`, or Unreadable,
    whose item is the code and whose reason is the message."""

    kind: str
    code: str
    message: str
    details: Mapping[str, Any] = field(default_factory=dict)


class ReportReturn(Struct, frozen=True, omit_defaults=True):
    """The answer of the reports function: one of the three is there."""

    report: Report | None = None
    clients: ListedClients | None = None
    refused: RefusedReport | None = None


def made(engine: ReportEngine, asked: ReportCall) -> ReportReturn:
    """What an engine answers, in the form in which it goes to another function."""
    try:
        answer = engine.report(asked.network_id, asked.question)
    except Unreadable as error:
        return ReportReturn(refused=RefusedReport(UNREADABLE, error.item, error.reason))
    except DomainError as error:
        return ReportReturn(refused=RefusedReport(error.kind, error.code, error.message, dict(error.details)))
    return ReportReturn(report=answer) if isinstance(answer, Report) else ReportReturn(clients=answer)


def failed() -> DomainError:
    """Raised where the reports function failed, took too long or could not be reached."""
    return DomainError(
        ErrorKind.UNAVAILABLE,
        "REPORT_FAILED",
        "The report could not be made now. Ask again in a minute, or for fewer salons or months.",
        retry_after_seconds=RETRY_AFTER_SECONDS,
    )
