"""Keep what clients allow: record each yes and no with who, when and how; stop messages, and resume them."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

from msgspec import Struct

from chalicelib.domain.clients import client_plan
from chalicelib.domain.clients.clients import CHANNELS, Client, Consent, ConsentChange
from chalicelib.domain.clients.consents import all_refused, with_consents
from chalicelib.domain.shared.actors import BY_CLIENT
from chalicelib.domain.shared.errors import missing, refused
from chalicelib.domain.shared.touches import Purpose
from chalicelib.services.shared.world import World

ON_STOP_PAGE = "stop page"
"""How a client says so on the page that a link in a message opens."""


class Statement(Struct, frozen=True):
    """How a client's word reached us.

    how    in what way the client said so.
    actor  who recorded it.
    at     when the client said so, where that may reach us late or twice; a newer statement then stays in
           force. None: now.
    """

    how: str
    actor: str = BY_CLIENT
    at: datetime | None = None


def checked_consent(channel: str, purpose: str, granted: bool, how: str, actor: str, at: datetime) -> Consent:
    """A consent of a known channel and purpose. Raises UNKNOWN_CHANNEL, UNKNOWN_PURPOSE."""
    if channel not in CHANNELS:
        raise refused("UNKNOWN_CHANNEL", f"Channels are {', '.join(CHANNELS)}.", channel=channel)
    if purpose not in list(Purpose):
        raise refused("UNKNOWN_PURPOSE", "Purposes are service and marketing.", purpose=purpose)
    return Consent(channel, Purpose(purpose), granted, at, actor, how)


def set_consents(
    world: World,
    network_id: str,
    client_id: str,
    pairs: Iterable[tuple[str, str]],
    statement: Statement,
    *,
    granted: bool,
) -> Client:
    """Records whether messages of a purpose may go through a channel, for all pairs of channel and purpose at
    once. An equal consent changes nothing. Raises NOT_FOUND, UNKNOWN_CHANNEL, UNKNOWN_PURPOSE, TRY_AGAIN."""
    at, how, actor = statement.at or world.now(), statement.how, statement.actor
    consents = [checked_consent(channel, purpose, granted, how, actor, at) for channel, purpose in pairs]
    return world.retrying(lambda: _set_consents(world, network_id, client_id, consents))


def _set_consents(world: World, network_id: str, client_id: str, consents: Sequence[Consent]) -> Client:
    client = _client(world, network_id, client_id)
    return _record(world, client, [each for each in consents if not _is_overtaken(client, each)])


def _is_overtaken(client: Client, consent: Consent) -> bool:
    """Whether a newer statement is in force: against a grant any newer one, against a refusal only the
    client's own."""
    current = client.consent(consent.channel, consent.purpose)
    if current is None or current.at <= consent.at:
        return False
    return consent.granted or current.actor == BY_CLIENT


def stop_messages(
    world: World,
    network_id: str,
    client_id: str,
    statement: Statement,
    *,
    marketing_only: bool = False,
    channels: Iterable[str] = CHANNELS,
) -> Client:
    """Refuses all messages, or all marketing; on all channels unless some are named. What a merged client
    refuses is refused by the surviving client, too. Returns that client. Raises NOT_FOUND, TRY_AGAIN."""
    purposes = [Purpose.MARKETING] if marketing_only else list(Purpose)
    pairs = [(channel, purpose.value) for channel in channels for purpose in purposes]
    return _of_each_in_chain(
        client_id, lambda each_id: set_consents(world, network_id, each_id, pairs, statement, granted=False)
    )


def _of_each_in_chain(client_id: str, change: Callable[[str], Client]) -> Client:
    """Changes the client, then the client's target if the client is merged, and so on. Returns the last
    one."""
    client = change(client_id)
    while client.merged is not None:
        client = change(client.merged.into)
    return client


def resume_messages(
    world: World,
    network_id: str,
    client_id: str,
    *,
    purpose: Purpose,
    channels: Iterable[str] = CHANNELS,
) -> Client:
    """Grants messages of one purpose again, as the client asked on their page; on all channels unless some
    are named. Marketing is granted only on channels on which service messages are not refused. The other
    purpose stays as it is. Of a merged client, the same holds for the surviving client. Returns that
    client."""
    named = tuple(channels)
    return _of_each_in_chain(
        client_id,
        lambda each_id: world.retrying(lambda: _resume(world, network_id, each_id, purpose, named)),
    )


def _resume(
    world: World, network_id: str, client_id: str, purpose: Purpose, channels: Sequence[str]
) -> Client:
    client = _client(world, network_id, client_id)
    if purpose is Purpose.MARKETING:
        channels = [each for each in channels if not all_refused(client, Purpose.SERVICE, [each])]
    now = world.now()
    return _record(
        world, client, [Consent(each, purpose, True, now, BY_CLIENT, ON_STOP_PAGE) for each in channels]
    )


def _client(world: World, network_id: str, client_id: str) -> Client:
    client = world.store.get(Client, network_id=network_id, id=client_id)
    if client is None:
        raise missing("client", client_id)
    return client


def _record(world: World, client: Client, consents: Sequence[Consent]) -> Client:
    """Raises SaveConflict."""
    changed, lines = with_consents(client, consents)
    if not lines:
        return client
    changed = client_plan.with_wake(changed, world.directory(client.network_id), world.now())
    saved = world.store.save(changed, *lines)[0]
    world.wake_if_due(saved)
    return saved


def history(world: World, network_id: str, client_id: str) -> list[ConsentChange]:
    """Every change of what the client allowed, the oldest first."""
    return world.store.get_all(ConsentChange, network_id=network_id, client_id=client_id)
