"""Walks: long work over all of a network's bookings or clients, and how far it is."""

from collections.abc import Sequence
from datetime import datetime

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, get
from chalicelib.api.http.schemas import Answered, Listing, PageOf
from chalicelib.domain.clearing.audit import AuditSums
from chalicelib.domain.networks.network import Role
from chalicelib.domain.shared.errors import missing
from chalicelib.domain.waking.walks import SUPERSEDED, AnyWalk, ClearingMonth, Walk
from chalicelib.services.waking.replan import salon_of_stage

_MAX_SHARE = 0.99


class AccountDifferenceAnswer(Answered):
    """An account that differs from the sum of its entries, and how."""

    client_id: str
    faults: list[str]


class AuditSumsAnswer(Answered):
    """What was recomputed so far: how many accounts, from how many entries, and what these sum to. differing:
    how many accounts differ; differences: the first of them."""

    checked: int
    entries: int
    balance: int
    debt: int
    held: int
    differing: int
    differences: list[AccountDifferenceAnswer]


class WalkAnswer(Answered):
    """A walk and its progress.

    seen, changed  how many items it has seen, and how many of them it wrote.
    salon_id       the salon whose bookings it is at.
    share          seen, as a part of what the last walk of its kind saw in all; null: there was none.
    month          the month that it counts.
    audit          for the owner; for a walk that never ends, the sums of its last night.
    sleeps_until   it does not go on before.
    error          why its last slice failed; parked: it goes on once a person retries it.
    """

    id: str
    kind: str
    begun_at: datetime
    stage: str
    salon_id: str | None
    seen: int
    changed: int
    share: float | None
    campaign_id: str | None
    month: str | None
    audit: AuditSumsAnswer | None
    sleeps_until: datetime | None
    simulation_id: str | None
    error: str | None
    parked: bool
    finished_at: datetime | None


def differences_of(sums: AuditSums) -> list[AccountDifferenceAnswer]:
    return [
        AccountDifferenceAnswer(client_id=each.client_id, faults=list(each.faults))
        for each in sums.differences
    ]


def _audit(sums: AuditSums | None) -> AuditSumsAnswer | None:
    if sums is None:
        return None
    same = ("entries", "balance", "debt", "held", "differing")
    return AuditSumsAnswer(
        **{name: getattr(sums, name) for name in same},
        checked=sums.accounts,
        differences=differences_of(sums),
    )


def _answer(walk: AnyWalk, others: Sequence[AnyWalk], *, owner: bool) -> WalkAnswer:
    salon_id, state = salon_of_stage(walk.stage), walk.state
    same = ("id", "begun_at", "seen", "changed", "sleeps_until", "finished_at")
    return WalkAnswer(
        **{name: getattr(walk, name) for name in same},
        kind=walk.kind.value,
        stage="bookings" if salon_id is not None else walk.stage or "waiting",
        salon_id=salon_id,
        campaign_id=getattr(state, "campaign_id", None),
        simulation_id=getattr(state, "simulation_id", None),
        month=state.period.month if isinstance(state, ClearingMonth) else None,
        audit=_audit(getattr(state, "audit", None)) if owner else None,
        share=_share(walk, others),
        error=walk.trouble.error if walk.trouble else None,
        parked=walk.trouble.parked if walk.trouble else False,
    )


def _share(walk: AnyWalk, others: Sequence[AnyWalk]) -> float | None:
    if walk.finished_at is not None:
        return 1.0
    whole = (each.seen for each in others if each.kind is walk.kind and _is_whole(each))
    expected = next(whole, 0)
    return min(round(walk.seen / expected, 2), _MAX_SHARE) if expected > 0 else None


def _is_whole(walk: AnyWalk) -> bool:
    return walk.finished_at is not None and walk.stage != SUPERSEDED


def _answers(ask: Ask, walks: Sequence[AnyWalk]) -> list[WalkAnswer]:
    others: Sequence[AnyWalk] = []
    if any(walk.finished_at is None for walk in walks):
        others = ask.world.store.get_page(Walk, network_id=ask.access.network_id, limit=50).items
    owner = ask.access.role is Role.OWNER
    return [_answer(walk, others, owner=owner) for walk in walks]


def answer_of(ask: Ask, walk: AnyWalk) -> WalkAnswer:
    return _answers(ask, [walk])[0]


@get("/v1/walks")
@endpoint(roles=OFFICE, query=Listing, answer=PageOf[WalkAnswer])
def find(ask: Ask) -> PageOf[WalkAnswer]:
    """Newest first."""
    page = ask.world.store.get_page(
        Walk, network_id=ask.access.network_id, limit=ask.query.limit, cursor=ask.query.cursor
    )
    return PageOf(items=_answers(ask, page.items), next_cursor=page.cursor)


@get("/v1/walks/{walk_id}")
@endpoint(roles=OFFICE, answer=WalkAnswer)
def see(ask: Ask, walk_id: str) -> WalkAnswer:
    walk = ask.world.store.get(Walk, network_id=ask.access.network_id, id=walk_id)
    if walk is None:
        raise missing("walk", walk_id)
    return answer_of(ask, walk)
