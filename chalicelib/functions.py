"""Calls of one function by another, which wait for the answer."""

import logging
from collections.abc import Callable
from typing import Any

import msgspec
from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.reports.questions import Question
from chalicelib.domain.shared.errors import DomainError, ErrorKind, Unreadable
from chalicelib.services.reports.report_engine import (
    UNREADABLE,
    RefusedReport,
    ReportCall,
    ReportOrClients,
    ReportReturn,
    failed,
)

log = logging.getLogger(__name__)


class ReportsFunction:
    """A report engine in a function of its own.

    client: gives the botocore client, which must not repeat a call; called only when a report is asked for.
    """

    def __init__(self, client: Callable[[], Any], name: str) -> None:
        self._client, self._name = client, name

    def report(self, network_id: str, question: Question) -> ReportOrClients:
        payload = msgspec.json.encode(ReportCall(network_id, question))
        try:
            answer = self._client().invoke(FunctionName=self._name, Payload=payload)
            content = answer["Payload"].read()
        except (BotoCoreError, ClientError) as error:
            log.exception("the reports function was not reached")
            raise failed() from error
        if "FunctionError" in answer:
            log.error("the reports function failed", extra={"detail": content[:500].decode(errors="replace")})
            raise failed()
        made = msgspec.json.decode(content, type=ReportReturn)
        if made.refused is not None:
            raise _as_error(made.refused)
        found = made.report or made.clients
        if found is None:
            raise failed()
        return found


def _as_error(refused: RefusedReport) -> Exception:
    if refused.kind == UNREADABLE:
        return Unreadable(refused.code, refused.message)
    return DomainError(ErrorKind(refused.kind), refused.code, refused.message, **refused.details)
