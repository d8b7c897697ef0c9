"""Why clients leave (docs/metrics.md, "Leaving")."""

from collections import defaultdict
from collections.abc import Iterator, Mapping

from msgspec.structs import replace

from chalicelib.analytics.lists import listed_clients
from chalicelib.analytics.names import names_of_keys
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.analytics.touches.lift import lift_of_kinds
from chalicelib.domain.clients.leaving import OUTSIDE
from chalicelib.domain.reports.leaving_reasons import (
    FACT,
    FACTS,
    GAP_GREW_PERCENT,
    LOW_RATING_STARS,
    NOT_STATED,
    PRICE_ROSE_PERCENT,
    ROWS,
    STATED,
)
from chalicelib.domain.reports.questions import ListedClients, is_filtered
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.statistics.wilson import wilson

WIN_BACK = TouchKind.WIN_BACK.value

_FILES = "asked_lines", "leaving/base", "leaving/facts"
_BOUNDS: Figures = {
    "gap_grew_percent": GAP_GREW_PERCENT,
    "low_rating_stars": LOW_RATING_STARS,
    "price_rose_percent": PRICE_ROSE_PERCENT,
}

Counts = dict[str, tuple[int, int]]
"""Reason -> of how many clients it can be said, and of how many it holds."""


def leaving(asked: Asked) -> tuple[list[Figures], Figures]:
    """A row for each reason that clients state and each fact that is observed; with a dimension for each
    value of it, too. A client may be in several rows."""
    by, found = asked.question.by, _counts(asked)
    whole = found.pop(None, {})
    since = asked.connection.execute("SELECT min(since)::DATE::VARCHAR FROM complaints_read").fetchall()
    clients, outside = _base(whole), sum(whole.get(f"{STATED}:{each}", (0, 0))[1] for each in OUTSIDE)
    returned, with_any = whole.get("returned", (0, 0))[1], whole.get("any", (0, 0))[1]
    total = {
        "clients": clients,
        "returned": returned,
        "lost": clients - returned,
        "stated": clients - whole.get(NOT_STATED, (0, 0))[1],
        "outside": outside,
        "nothing_told": clients - with_any,
        "win_back": _win_back(asked),
        "complaints_since": since[0][0],
    }
    if by is not None:
        return list(_rows_by(asked, by, found)), total
    return [_row(reason, whole, clients) for reason in ROWS], total


def _win_back(asked: Asked) -> Figures | None:
    """The lift of messages to win clients back that were due in the period. None where specialist, service,
    category or source is asked about: a message has none."""
    question = replace(asked.question, salon_ids=None)
    if is_filtered(question):
        return None
    return lift_of_kinds(asked, (WIN_BACK,))[WIN_BACK]


def listed_by_leaving(asked: Asked) -> ListedClients:
    return listed_clients(asked, *_FILES, "leaving/listed", **_BOUNDS)


def _counts(asked: Asked) -> dict[str | None, Counts]:
    """The counts of each key, and under None those of all clients."""
    found: dict[str | None, Counts] = defaultdict(dict)
    rows = asked.rows(*_FILES, "leaving/figures", by=asked.question.by, **_BOUNDS)
    for key, reason, known, clients in rows:
        found[key][reason] = known, clients
    return found


def _base(counts: Counts) -> int:
    """Each client states one reason or none."""
    return sum(clients for reason, (_, clients) in counts.items() if reason.startswith(STATED))


def _rows_by(asked: Asked, by: str, found: Mapping[str | None, Counts]) -> Iterator[Figures]:
    names = names_of_keys(asked.connection, by)
    for key in sorted(str(each) for each in found):
        for reason in ROWS:
            if reason in found[key]:
                row = _row(reason, found[key], _base(found[key]))
                yield row | {"key": f"{reason}:{key}", "name": names.get(key, key), by: key}


def _row(reason: str, counts: Counts, base: int) -> Figures:
    known, clients = counts.get(reason, (0, 0))
    if reason.startswith(STATED):
        known = base
    kind, _, name = reason.partition(":")
    return {
        "key": reason,
        "name": name,
        "kind": kind,
        "says": FACTS[name] if kind == FACT else None,
        "outside": name in OUTSIDE if kind == STATED else None,
        "clients": clients,
        "known": known,
        "share": clients / known if known else None,
        "interval": wilson(clients, known),
    }
