"""Notify people that messages are held back: a task for the network, once a day for each reason, and a metric
for the operator's alarm."""

from contextlib import suppress
from datetime import datetime

from chalicelib.domain.messages.allowed_numbers import COUNTRY, NUMBER_TYPE
from chalicelib.domain.shared.ids import digest, time_ordered
from chalicelib.domain.shared.tasks import Task, TaskKind
from chalicelib.services.messages.sending import Sending
from chalicelib.services.messages.subjects import Subject
from chalicelib.services.shared.ports import SaveConflict

BOUNDS = frozenset(
    {
        "essential_budget_percent",
        "network_daily_cap",
        "network_daily_usd_cents",
        "origin_hourly_cap",
        "origin_daily_cap",
        "deployment_daily_cap",
    }
)
"""Reasons that tell of more messages than a network should send."""

_KINDS = {
    **dict.fromkeys(BOUNDS | {"daily_notice_cap"}, TaskKind.MESSAGES_HELD_BACK),
    **dict.fromkeys((NUMBER_TYPE, COUNTRY), TaskKind.NUMBERS_REFUSED),
}
_MOST_NOTIFIED = 5000


def notify_held_back(sending: Sending, subject: Subject, reason: str, now: datetime) -> None:
    """Makes the day's task of that reason, unless it was made; other reasons make none."""
    if reason in BOUNDS:
        sending.count("MessagesHeldBack")
    kind, network_id = _KINDS.get(reason), subject.item.network_id
    today = now.replace(hour=0, minute=0, second=0, microsecond=0)
    notified = (network_id, reason, today)
    if kind is None or notified in sending.notified:
        return
    task_id = time_ordered("tsk", today, digest(network_id, kind, reason, f"{today:%Y-%m-%d}", length=10))
    task = Task(
        network_id=network_id,
        id=task_id,
        kind=kind,
        at=now,
        booking_id=subject.booking_id,
        client_id=subject.client.id,
        words=reason,
    )
    with suppress(SaveConflict):  # another worker has made it
        sending.world.store.save(task)
    if len(sending.notified) >= _MOST_NOTIFIED:
        sending.notified.clear()
    sending.notified.add(notified)
