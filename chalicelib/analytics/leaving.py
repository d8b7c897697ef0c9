"""Why clients leave (docs/metrics.md, "Leaving")."""

from collections.abc import Iterator

from chalicelib.analytics.lists import listed_clients
from chalicelib.analytics.names import names_of_keys
from chalicelib.analytics.statements import Asked, Figures
from chalicelib.domain.clients.leaving import OUTSIDE
from chalicelib.domain.reports.leaving_reasons import (
    FACT,
    FACTS,
    GAP_GREW_PERCENT,
    NOT_STATED,
    PRICE_ROSE_PERCENT,
    ROWS,
    STATED,
)
from chalicelib.domain.reports.questions import ListedClients
from chalicelib.domain.statistics.wilson import wilson

_FILES = "asked_lines", "leaving/base", "leaving/facts"
_BOUNDS: Figures = {"gap_grew_percent": GAP_GREW_PERCENT, "price_rose_percent": PRICE_ROSE_PERCENT}

Counts = dict[tuple[str, str], tuple[int, int]]
"""Key and reason -> of how many clients the reason can be told, and of how many it holds."""


def leaving(asked: Asked) -> tuple[list[Figures], Figures]:
    """A row for each reason that clients state and each fact that is observed; with a dimension for each
    value of it, too. A client may be in several rows."""
    by, whole = asked.question.by, _counts(asked, None)
    ((clients, returned, with_any),) = asked.rows(*_FILES, "leaving/total", by=None, **_BOUNDS)
    since = asked.connection.execute("SELECT min(since)::DATE::VARCHAR FROM complaints_read").fetchall()
    total = {
        "clients": clients,
        "returned": returned,
        "lost": clients - returned,
        "stated": _stated(whole, outside=False) + _stated(whole, outside=True),
        "outside": _stated(whole, outside=True),
        "nothing_told": clients - with_any,
        "complaints_since": since[0][0],
        "not_known": ["rating"],
    }
    if by is None:
        nobody = {reason: (clients if reason.startswith(STATED) else 0, 0) for reason in ROWS}
        return [_row(reason, *whole.get(("", reason), nobody[reason])) for reason in ROWS], total
    return list(_rows_by(asked, by)), total


def listed_by_leaving(asked: Asked) -> ListedClients:
    return listed_clients(asked, *_FILES, "leaving/listed", **_BOUNDS)


def _counts(asked: Asked, by: str | None) -> Counts:
    rows = asked.rows(*_FILES, "leaving/figures", by=by, **_BOUNDS)
    found = {(key, reason): (known, clients) for key, reason, known, clients in rows}
    return {
        (key, reason): (_base(found, key) if reason.startswith(STATED) else known, clients)
        for (key, reason), (known, clients) in found.items()
    }


def _base(counts: Counts, key: str) -> int:
    """Each client states one reason or none."""
    return sum(
        clients
        for (of, reason), (_, clients) in counts.items()
        if of == key and reason.startswith(STATED)
    )


def _stated(counts: Counts, *, outside: bool) -> int:
    reasons = {f"{STATED}:{each}" for each in OUTSIDE}
    return sum(
        clients
        for (_, reason), (_, clients) in counts.items()
        if reason.startswith(STATED) and reason != NOT_STATED and (reason in reasons) is outside
    )


def _rows_by(asked: Asked, by: str) -> Iterator[Figures]:
    names = names_of_keys(asked.connection, by)
    counts = _counts(asked, by)
    for key in sorted({key for key, _ in counts}):
        for reason in ROWS:
            if (key, reason) in counts:
                row = _row(reason, *counts[key, reason])
                yield row | {"key": f"{reason}:{key}", "name": names.get(key, key), by: key}


def _row(reason: str, known: int, clients: int) -> Figures:
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
