"""Record why a client said that they come no more, and what came of calling them."""

from collections.abc import Callable
from datetime import datetime

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.clients.calls import CallResult, after_call
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.leaving import LeavingReason, StatedReason, reason_in_force, with_reason
from chalicelib.domain.networks.access import Access
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.clients.surviving_client import ensure_not_merged
from chalicelib.services.shared.contact_details import note_normal
from chalicelib.services.shared.world import World


class LeavingStatement(Struct, frozen=True):
    """reason None: what the client stated before is taken back."""

    reason: LeavingReason | None
    words: str | None = None


def state_reason(world: World, access: Access, client_id: str, stated: LeavingStatement) -> Client:
    """Records why the client leaves. The same again changes nothing. Raises NOT_FOUND, CLIENT_MERGED,
    TRY_AGAIN."""
    return _changed(
        world, access, client_id, lambda client, now: _with_reason(client, stated, now, access.actor)
    )


def record_call(
    world: World, access: Access, client_id: str, result: CallResult, stated: LeavingStatement | None = None
) -> Client:
    """Records what came of a call, and the reason that the client stated in it. What the same key records
    within SAME_CALL is of the same call. Raises NOT_FOUND, CLIENT_MERGED, TRY_AGAIN."""

    def change(client: Client, now: datetime) -> Client:
        client = replace(client, last_call=after_call(client.last_call, result, now, access.actor))
        return client if stated is None else _with_reason(client, stated, now, access.actor)

    return _changed(world, access, client_id, change)


def needs_reason(client: Client) -> bool:
    """Whether the client refused in the last call, and has stated no reason that holds since their last
    visit: then the desk is to record one."""
    call, stated = client.last_call, reason_in_force(client.leaving)
    if call is None or call.result is not CallResult.REFUSED:
        return False
    last_visit = client.last_visit_on
    return stated is None or (last_visit is not None and stated.at.date() < last_visit)


def _with_reason(client: Client, stated: LeavingStatement, now: datetime, actor: str) -> Client:
    words = note_normal(stated.words) if stated.reason is not None else None
    new = StatedReason(stated.reason, now, actor, words)
    return replace(client, leaving=with_reason(client.leaving, new))


def _changed(
    world: World, access: Access, client_id: str, change: Callable[[Client, datetime], Client]
) -> Client:
    def attempt() -> Client:
        client = get_client(world, access, client_id)
        ensure_not_merged(client)
        wanted = change(client, world.now())
        return client if wanted == client else world.store.save(wanted)[0]

    return world.retrying(attempt)
