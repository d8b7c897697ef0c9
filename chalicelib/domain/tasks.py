"""Tasks: what the salon is told and has to see to itself."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum


class TaskKind(StrEnum):
    UNCONFIRMED = "unconfirmed"
    """A booking that nobody had confirmed at the cut-off."""
    CALL_CLIENT = "call_client"
    """A client answered that they will not come, or something that only a person understands."""
    BUDGET_NEARLY_SPENT = "budget_nearly_spent"
    BUDGET_SPENT = "budget_spent"


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """id: follows from what it is about, so that it is made once. salon_id None: for the whole network."""

    network_id: str
    id: str
    kind: TaskKind
    at: datetime
    salon_id: str | None = None
    booking_id: str | None = None
    client_id: str | None = None
    words: str | None = None
    done_at: datetime | None = None
    actor: str | None = None
    version: int = 0
