"""The consents of merged clients: a no of source or target holds for the target. After unmerging each has
what they had said, and a no that was said while they were merged holds for both. Pure."""

from collections.abc import Collection, Sequence
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client, Consent, ConsentChange, with_consent
from chalicelib.domain.clients.consents import consent_line

Changed = tuple[Client, list[ConsentChange]]
"""A client with changed consents, and the lines of history."""


def with_consents_of(target: Client, source: Client, own_channels: Collection[str], now: datetime) -> Changed:
    """The target with each no of the source, as it was said. A yes of the source is for the source's own
    address: it goes over on own_channels only, on which the target takes over the source's addresses."""
    after, lines = target, list[ConsentChange]()
    for consent in source.consents:
        current = after.consent(consent.channel, consent.purpose)
        is_first_yes = consent.granted and current is None and consent.channel in own_channels
        is_stricter = not consent.granted and (current is None or current.granted)
        if is_first_yes or is_stricter:
            brought = replace(consent, merged_from=source.id)
            lines.append(consent_line(target, brought, len(lines), now))
            after = with_consent(_with_own_apart(after, consent, current), brought)
    return after, lines


def _with_own_apart(target: Client, consent: Consent, current: Consent | None) -> Client:
    """The target, which keeps apart its own consent of that channel and purpose."""
    own: tuple[Consent, ...] = (current,) if current is not None and current.merged_from is None else ()
    if current is not None and not own:  # a source's yes gives way to another source's no
        own = tuple(each for each in target.consents_apart if _is_same_pair(each, consent))
    others = tuple(each for each in target.consents_apart if not _is_same_pair(each, consent))
    return replace(target, consents_apart=(*others, *own))


def without_consents_of(
    target: Client, source: Client, other_sources: Sequence[Client], now: datetime, actor: str
) -> Changed:
    """The target without what the source had brought, so that its own consents hold again. A no of the other
    sources, who stay merged into the target, still holds."""
    after = target
    for brought in (each for each in target.consents if each.merged_from == source.id):
        own = [each for each in target.consents_apart if _is_same_pair(each, brought)]
        after = replace(
            after,
            consents=(*(each for each in after.consents if each != brought), *own),
            consents_apart=tuple(each for each in after.consents_apart if each not in own),
        )
    for other in other_sources:
        after, _ = with_consents_of(after, other, (), now)
    lines: list[ConsentChange] = []
    for before in target.consents:
        consent = after.consent(before.channel, before.purpose)
        if consent is None:
            void = replace(before, granted=False, at=now, actor=actor, how="clients unmerged")
            lines.append(replace(consent_line(target, void, len(lines)), void=True))
        elif consent != before:
            lines.append(consent_line(target, consent, len(lines), now))
    return after, lines


def with_refusals_since(source: Client, target: Client, since: datetime, now: datetime) -> Changed:
    """The source with each no that the target has said since the merge."""
    after, lines = source, list[ConsentChange]()
    for consent in target.consents:
        is_new = not consent.granted and consent.merged_from is None and consent.at >= since
        current = source.consent(consent.channel, consent.purpose)
        if is_new and (current is None or current.granted):
            lines.append(consent_line(source, consent, len(lines), now))
            after = with_consent(after, consent)
    return after, lines


def _is_same_pair(one: Consent, other: Consent) -> bool:
    return (one.channel, one.purpose) == (other.channel, other.purpose)
