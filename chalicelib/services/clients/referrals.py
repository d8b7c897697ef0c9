"""Refer a friend: the code that a client gives to friends, and who may be the referrer of a client."""

from msgspec import Struct

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import EntryKind
from chalicelib.domain.loyalty.reversal_history import points_undone
from chalicelib.domain.shared.aliases import REFERRAL, Alias
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.ids import digest
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.services.shared.world import World

CODE_CHARS = 8
_CODES_TRIED = 8
MAX_CHAIN = 20
"""How many referrers, one of another, are followed to find a loop."""

_READ_AS = str.maketrans({"o": "0", "i": "1", "l": "1", "-": None, " ": None})


class ReferralCode(Struct, frozen=True):
    """friends: how many of them brought the client a gift that was not undone."""

    code: str
    friends: int


def referral_code(world: World, client: Client) -> ReferralCode:
    """The client's code, made when it is first asked for. It follows from the client's id, which nobody
    outside knows. Where two clients would get the same code, the later one gets another."""
    entries = world.store.entries(client.network_id, client.id)
    friends = sum(
        1
        for each in entries
        if each.kind is EntryKind.REFERRAL
        and each.booking_id is None
        and points_undone(each, entries) < each.worth
    )
    for number in range(_CODES_TRIED):
        code = digest("referral", client.id, str(number), length=CODE_CHARS)
        alias = Alias(network_id=client.network_id, kind=REFERRAL, value=code, leads_to=client.id)
        owner = world.store.alias(client.network_id, REFERRAL, code)
        if owner is None:
            try:
                world.store.save(alias)
            except SaveConflict:
                owner = world.store.alias(client.network_id, REFERRAL, code)
        if owner in (None, client.id):
            return ReferralCode(code.upper(), friends)
    raise conflict("TRY_AGAIN", "No code was found that is free; try again.")


def referrer_of_code(world: World, network_id: str, code: str) -> str:
    """The id of the client whose code this is. Letters that look like digits are read as digits. Raises
    UNKNOWN_REFERRAL_CODE."""
    plain = code.lower().translate(_READ_AS)
    usable = len(plain) == CODE_CHARS and plain.isascii() and plain.isalnum()
    found = world.store.alias(network_id, REFERRAL, plain) if usable else None
    if found is None:
        message = "Nobody hands that referral code on. Ask the friend to read it out again."
        raise refused("UNKNOWN_REFERRAL_CODE", message, referral_code=code)
    return found


def resolve_referrer(world: World, network_id: str, referred_by: str | None, code: str | None) -> str | None:
    """The id of the referrer, who is named by id or by code. None where neither is given. Raises
    TWO_REFERRERS for both, UNKNOWN_REFERRAL_CODE."""
    if code is None:
        return referred_by
    if referred_by is not None:
        message = "Say by whose word they came once: by referred_by or by referral_code."
        raise refused("TWO_REFERRERS", message, field="referral_code")
    return referrer_of_code(world, network_id, code)


def ensure_referrer(
    world: World, network_id: str, referred_by: str | None, client: Client | None = None
) -> None:
    """Checks the referrer of a client. A referrer whom the client has already is not checked again.

    client: the friend; None for a client who is being registered. Raises SELF_REFERRAL, NOT_NEW, NOT_FOUND,
    REFERRAL_LOOP.
    """
    if referred_by is None or (client is not None and client.referred_by == referred_by):
        return
    if client is not None and referred_by == client.id:
        raise refused("SELF_REFERRAL", "Nobody refers themselves.", client_id=client.id)
    if client is not None and client.visits_count:
        message = "Only who has not visited yet can have come by somebody's word."
        raise refused("NOT_NEW", message, visits_count=client.visits_count)
    referrer = world.store.get(Client, network_id=network_id, id=referred_by, fresh=False)
    if referrer is None:
        raise missing("client", referred_by)
    if client is not None:
        _ensure_no_loop(world, client, referrer)


def _ensure_no_loop(world: World, client: Client, referrer: Client) -> None:
    ancestor: Client | None = referrer
    for _ in range(MAX_CHAIN):
        if ancestor is None or ancestor.referred_by is None:
            return
        if ancestor.referred_by == client.id:
            message = "They came by this client's own word, be it over others."
            raise refused("REFERRAL_LOOP", message, client_id=client.id, referred_by=referrer.id)
        ancestor = world.store.get(Client, network_id=client.network_id, id=ancestor.referred_by, fresh=False)
