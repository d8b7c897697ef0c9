"""Changes of what a client allows, each with a line of its history. Pure."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, Consent, ConsentChange, with_consent
from chalicelib.domain.shared.ids import encoded, time_ordered
from chalicelib.domain.shared.touches import Purpose

BY_PHONE = ("sms", "whatsapp")
"""Channels that reach a client at their phone number."""


def with_consents(
    client: Client, consents: Iterable[Consent], first: int = 0
) -> tuple[Client, list[ConsentChange]]:
    """The client with these consents, and a line of history for each that differs from the present one. An
    equal consent changes nothing. first: how many lines of history are saved together with these."""
    after = client
    lines: list[ConsentChange] = []
    for consent in consents:
        current = after.consent(consent.channel, consent.purpose)
        is_news = current is None or current.granted is not consent.granted
        if is_news or _is_repeated_since_merge(client, consent):
            after = with_consent(after, consent)
            lines.append(consent_line(client, consent, first + len(lines)))
    return after, lines


def _is_repeated_since_merge(client: Client, consent: Consent) -> bool:
    """Whether a no repeats one from before the latest merge. Said since the merge, it holds for source and
    target, also after the merge is undone."""
    if consent.granted or not client.former:
        return False
    current = client.consent(consent.channel, consent.purpose)
    merged_at = max(each.at for each in client.former)
    return current is not None and current.at < merged_at <= consent.at


def after_contact_change(
    before: Client, after: Client, at: datetime, actor: str
) -> tuple[Client, list[ConsentChange]]:
    """The client after a change of phone or e-mail, and lines of history. Grants for the old address are
    void, so that consent is asked for again; refusals stay. The new address is not suppressed, unless it
    failed as a merged source's, and the client has not written from it.

    after: the client with the new address, otherwise equal to `before`. Devices are not concerned.
    """
    lines: list[ConsentChange] = []
    for channels, old, new, how in (
        (BY_PHONE, before.phone, after.phone, "phone changed"),
        (("email",), before.email, after.email, "e-mail changed"),
    ):
        if old is None or old == new:
            continue
        void = [each for each in after.consents if each.granted and each.channel in channels]
        for each in void:
            revoked = Consent(each.channel, each.purpose, False, at, actor, how)
            lines.append(replace(consent_line(before, revoked, len(lines)), void=True))
        apart = (each for each in after.consents_apart if not (each.granted and each.channel in channels))
        dead = (each for each in after.dead_addresses if each.channel not in channels or each.address == new)
        after = replace(
            after,
            consents=tuple(each for each in after.consents if each not in void),
            consents_apart=tuple(apart),
            dead_addresses=tuple(dead),
            written_at=None if channels is BY_PHONE else after.written_at,
        )
    return after, lines


def consent_line(client: Client, consent: Consent, place: int, at: datetime | None = None) -> ConsentChange:
    """One line of the history. Its id follows from the client's version, so that a second try from the same
    state writes no second line. Lines of one instant keep their order. at: since when the consent is the
    client's, where that is later than it was said."""
    tail = encoded(client.version, 5) + encoded(place, 2)
    return ConsentChange(
        network_id=client.network_id,
        client_id=client.id,
        id=time_ordered("cns", at or consent.at, tail),
        consent=consent,
    )


def all_refused(client: Client, purpose: Purpose, channels: Iterable[str]) -> bool:
    """Whether the client refused that purpose on each of the channels."""
    consents = [client.consent(channel, purpose) for channel in channels]
    return all(consent is not None and not consent.granted for consent in consents)
