"""The audit of the ledger: every figure of every account is recomputed from its entries."""

from chalicelib.api.http.endpoint import OWNER, Ask, endpoint, get, post
from chalicelib.api.http.schemas import Answered, Listing
from chalicelib.api.waking.walks import AccountDifferenceAnswer, WalkAnswer, answer_of, differences_of
from chalicelib.services.clearing.audit_accounts import audit_page, start_audit
from chalicelib.services.clearing.audit_nightly import ensure_nightly


class AuditTotals(Answered):
    """Sums of the entries of the page's accounts."""

    balance: int
    debt: int
    held: int


class AuditAnswer(Answered):
    """checked: number of recomputed accounts of a page of clients; entries: number of their entries."""

    checked: int
    entries: int
    differences: list[AccountDifferenceAnswer]
    totals: AuditTotals
    next_cursor: str | None


@get("/v1/bonus/audit")
@endpoint(roles=OWNER, query=Listing, answer=AuditAnswer)
def audit(ask: Ask) -> AuditAnswer:
    """Audits the accounts of a page of clients, the newest clients first. limit: number of clients; a page of
    clients with very many entries may have fewer."""
    found = audit_page(ask.world, ask.access.network_id, cursor=ask.query.cursor, clients=ask.query.limit)
    sums = found.sums
    return AuditAnswer(
        checked=sums.accounts,
        entries=sums.entries,
        differences=differences_of(sums),
        totals=AuditTotals(balance=sums.balance, debt=sums.debt, held=sums.held),
        next_cursor=found.visited.cursor,
    )


@post("/v1/bonus/audit")
@endpoint(roles=OWNER, answer=WalkAnswer, status=202)
def walk_all(ask: Ask) -> WalkAnswer:
    """Begins a walk that audits all accounts: `/v1/walks/{id}` has its progress and its findings. A walk that
    is under way is returned."""
    ensure_nightly(ask.world, ask.access.network_id)
    return answer_of(ask, start_audit(ask.world, ask.access.network_id))
