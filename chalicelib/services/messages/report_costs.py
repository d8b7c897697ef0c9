"""Report what messages cost, by salon, kind and channel in a calendar month (UTC). It reads the index alone,
not the messages."""

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime, time

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.messages.messages import MessageState, MessageSummary
from chalicelib.domain.messages.spending import MICROS_A_CENT
from chalicelib.domain.shared.months import first_day_of_month, number_of_month
from chalicelib.domain.shared.touches import PRIORITY, TouchKind
from chalicelib.services.shared.world import World

MESSAGES_BATCH_SIZE = 100_000
"""After so many messages no further salon is begun: they take some seconds."""


class CostLine(Struct, frozen=True):
    """The sums of one salon, kind and channel.

    messages        how many were tried; skipped: how many touches were skipped.
    cost_micros     their cost, partly estimated; charged_micros: the part that receipts have reported.
    """

    salon_id: str
    kind: str
    channel: str
    messages: int = 0
    skipped: int = 0
    parts: int = 0
    cost_micros: int = 0
    charged_micros: int = 0


class BudgetOfMonth(Struct, frozen=True):
    """budget_micros: None, where the network has no budget and reserves nothing."""

    budget_micros: int | None
    reserved_micros: int


def costs_of(
    world: World, network_id: str, salon_ids: Sequence[str], month: str
) -> tuple[list[CostLine], int]:
    """The lines of the first salons, and how many salons they cover: as many as can be counted at once, at
    least one. month: `2026-11`."""
    since, until = bounds_of(month)
    lines: list[CostLine] = []
    counted = 0
    for number, salon_id in enumerate(salon_ids):
        if counted >= MESSAGES_BATCH_SIZE:
            return lines, number
        summaries = world.store.message_summaries_of_salon(network_id, salon_id, since, until)
        found = _sum_up(salon_id, summaries)
        counted += sum(line.messages + line.skipped for line in found)
        lines += found
    return lines, len(salon_ids)


def bounds_of(month: str) -> tuple[datetime, datetime]:
    """The instants (UTC) at which a month begins and ends. month: `2026-11`."""
    number = number_of_month(month)
    first, following = first_day_of_month(number), first_day_of_month(number + 1)
    return datetime.combine(first, time(), UTC), datetime.combine(following, time(), UTC)


def _sum_up(salon_id: str, summaries: Iterable[MessageSummary]) -> list[CostLine]:
    sums: dict[tuple[str, str], list[int]] = {}
    for summary in summaries:
        line = sums.setdefault((summary.kind, summary.channel), [0] * 5)
        if summary.state == MessageState.SKIPPED:
            line[1] += 1
            continue
        line[0] += 1
        line[2] += summary.parts
        line[3] += summary.cost_micros
        line[4] += summary.cost_micros * summary.charged
    ordered = sorted(sums, key=lambda key: (PRIORITY[TouchKind(key[0])], key[1]))
    return [CostLine(salon_id, *key, *sums[key]) for key in ordered]


def total_of(lines: Iterable[CostLine]) -> CostLine:
    """The sum of all lines, as a line without salon, kind and channel."""
    total = CostLine("", "", "")
    for line in lines:
        total = replace(
            total,
            messages=total.messages + line.messages,
            skipped=total.skipped + line.skipped,
            parts=total.parts + line.parts,
            cost_micros=total.cost_micros + line.cost_micros,
            charged_micros=total.charged_micros + line.charged_micros,
        )
    return total


def budget_of(world: World, network_id: str, month: str) -> BudgetOfMonth:
    """The network's current budget, and what was reserved in a month."""
    cents = world.directory(network_id).rules.messages.monthly_budget_usd_cents
    reserved = world.store.spending(network_id, month).reserved_micros
    return BudgetOfMonth(None if cents is None else cents * MICROS_A_CENT, reserved)
