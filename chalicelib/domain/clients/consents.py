"""How what a client allows comes to change, each time with a line of its history. Pure."""

from collections.abc import Iterable
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, Consent, ConsentChange, with_consent
from chalicelib.domain.shared.ids import encoded, time_ordered
from chalicelib.domain.shared.touches import Purpose

BY_PHONE = ("sms", "whatsapp")
"""Channels that reach a client at their phone number."""


def with_consents(client: Client, said: Iterable[Consent]) -> tuple[Client, list[ConsentChange]]:
    """The client after they said so, and a line for all that was not so before. Saying the same again changes
    nothing."""
    after = client
    lines: list[ConsentChange] = []
    for consent in said:
        stands = after.consent(consent.channel, consent.purpose)
        if stands is None or stands.granted is not consent.granted:
            after = with_consent(after, consent)
            lines.append(_line(client, consent, len(lines)))
    return after, lines


def after_contact_change(
    before: Client, after: Client, at: datetime, actor: str
) -> tuple[Client, list[ConsentChange]]:
    """The client whose phone or e-mail may have changed, with what follows from that: what was granted for
    the old address is void, and asked for anew; what was refused stays refused. That the old address failed,
    or wrote to us, says nothing of the new one.

    after: the client with the new address, otherwise as `before`. Devices are no matter of either.
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
            gone = Consent(each.channel, each.purpose, False, at, actor, how)
            lines.append(replace(_line(before, gone, len(lines)), void=True))
        after = replace(
            after,
            consents=tuple(each for each in after.consents if each not in void),
            dead_addresses=tuple(each for each in after.dead_addresses if each.channel not in channels),
            written_at=None if channels is BY_PHONE else after.written_at,
        )
    return after, lines


def _line(client: Client, consent: Consent, place: int) -> ConsentChange:
    """One line of the history. Its id follows from the client's version: what is tried again from the same
    state cannot be written twice, and lines of one instant keep their order."""
    tail = encoded(client.version, 5) + encoded(place, 2)
    return ConsentChange(
        network_id=client.network_id,
        client_id=client.id,
        id=time_ordered("cns", consent.at, tail),
        consent=consent,
    )


def all_refused(client: Client, purpose: Purpose, channels: Iterable[str]) -> bool:
    """Whether nothing of that purpose may come through any of the channels, because the client said so."""
    said = [client.consent(channel, purpose) for channel in channels]
    return all(consent is not None and not consent.granted for consent in said)
