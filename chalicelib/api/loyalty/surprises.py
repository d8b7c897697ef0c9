"""Surprise gifts: the result of a month's draw."""

from datetime import datetime

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, get
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered
from chalicelib.api.messages.reports import Month
from chalicelib.services.loyalty.draw_surprises import surprises_of


class SurpriseFilter(Body):
    """month: `2026-11` in the network's zone; by default the current month."""

    month: Month | None = None


class SurpriseAnswer(Answered):
    """budget, spent: points; budget null: there was no draw in that month yet. drawn: clients who got a gift.
    regulars: number of regulars; held_out: of them, in the hold-out group; rested: of them, on cooldown after
    a gift in the two months before. done_at null: the draw is not over."""

    month: str
    budget: int | None
    spent: int
    drawn: int
    held_out: int
    regulars: int
    rested: int
    begun_at: datetime | None
    done_at: datetime | None


@get("/v1/reports/bonus/surprises")
@endpoint(roles=OFFICE, query=SurpriseFilter, answer=SurpriseAnswer)
def surprises(ask: Ask) -> SurpriseAnswer:
    name, month = surprises_of(ask.world, ask.access, ask.query.month)
    if month is None:
        return SurpriseAnswer(
            month=name, budget=None, spent=0, drawn=0, held_out=0, regulars=0, rested=0, begun_at=None,
            done_at=None,
        )  # fmt: skip
    same = ("month", "drawn", "held_out", "regulars", "rested", "begun_at", "done_at")
    return SurpriseAnswer(
        budget=month.budget_points, spent=month.spent_points, **{name: getattr(month, name) for name in same}
    )
