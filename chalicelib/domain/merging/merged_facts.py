"""What is known of merged clients besides visits, points and consents: contacts, notes, devices, services
that are due, touches. The target gets from the source what it lacks; unmerging gives each their own again."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.clients.calls import calls_of_both, calls_without
from chalicelib.domain.clients.clients import (
    DEVICES_KEPT,
    TAKEN_OVER,
    BeforeMerge,
    Client,
    Due,
    FormerRecord,
    Merge,
    own_name,
)
from chalicelib.domain.clients.consents import BY_PHONE
from chalicelib.domain.clients.first_source import with_source_of, without_source_of
from chalicelib.domain.clients.leaving import reasons_of_both, reasons_without
from chalicelib.domain.shared.touches import IN_FLIGHT, Touch, TouchKind, TouchState

CONTACTS = ("phone", "email")
_NAME = "name"
_ONCE = (TouchKind.BIRTHDAY, TouchKind.AT_RISK, TouchKind.WIN_BACK)
"""Kinds that are made once for a birthday or a lapse. An invitation follows from what is due."""
_MADE = IN_FLIGHT | {TouchState.SENT, TouchState.UNKNOWN}


def filled_fields(target: Client, source: Client) -> tuple[str, ...]:
    """The fields that the target takes over from the source."""
    filled = [name for name in TAKEN_OVER if getattr(source, name) and not getattr(target, name)]
    return (*filled, *([_NAME] if own_name(source) and not own_name(target) else []))


def own_channels(target: Client, source: Client, filled: tuple[str, ...]) -> frozenset[str]:
    """The channels on which the target takes over the source's addresses, having had none."""
    by_phone = BY_PHONE if "phone" in filled else ()
    by_email = ("email",) if "email" in filled else ()
    by_push = ("push",) if source.devices and not target.devices else ()
    return frozenset((*by_phone, *by_email, *by_push))


def before_merge(target: Client) -> BeforeMerge:
    return BeforeMerge(**{name: getattr(target, name) for name in BeforeMerge.__struct_fields__})


def with_facts_of(target: Client, source: Client, filled: tuple[str, ...], at: datetime) -> Client:
    """The target with what is known of the source. Addresses at which a channel fails stay suppressed, and
    both notes are joined. filled: as `filled_fields` answers. at: of the merge."""
    told_at = target.birth_date_told_at
    if "birth_date" in filled:
        told_at = source.birth_date_told_at or source.created_at
    written = [each.written_at for each in (target, source) if each.written_at is not None]
    fields: dict[str, Any] = {name: getattr(source, name) for name in filled}
    phone = fields.get("phone", target.phone)
    family = dict.fromkeys((*target.contact_of, *source.contact_of))
    contact_id = target.contact_id or source.contact_id
    return replace(
        with_source_of(target, source),
        **fields,
        note=_both_texts(target.note, source.note),
        preferences=_both_texts(target.preferences, source.preferences),
        birth_date_told_at=told_at,
        written_at=max(written) if "phone" in filled and written else target.written_at,
        contact_id=None if phone or contact_id == target.id else contact_id,
        contact_of=tuple(each for each in family if each not in (target.id, source.id)),
        refused_at_sites=tuple(sorted({*target.refused_at_sites, *source.refused_at_sites})),
        dead_addresses=tuple(dict.fromkeys((*target.dead_addresses, *source.dead_addresses))),
        devices=_newest_devices(target, source),
        due=_due_of_both(target, source),
        touches=_touches_of_both(target, source),
        former=(*target.former, FormerRecord(source.id, at), *source.former),
        leaving=reasons_of_both(target.leaving, source.leaving),
        last_call=calls_of_both(target.last_call, source.last_call),
    )


def without_facts_of(target: Client, leaving: Sequence[Client], merge: Merge) -> Client:
    """The target without what it got from the source. What has changed since the merge stays as it is. An
    address of the source is the source's again, even if the target chose it later.

    leaving: the source, and the clients who are merged into the source.
    """
    source = leaving[0]
    cleared = {name: None for name in merge.filled if _is_same(target, source, name)}
    of_leaving = (name for each in leaving for name in CONTACTS if _is_same(target, each, name))
    cleared |= dict.fromkeys(of_leaving)
    fields: dict[str, Any] = {**cleared, **({_NAME: ""} if _NAME in cleared else {})}
    leaving_ids = {source.id, *(each.id for each in source.former)}
    former = tuple(each for each in target.former if each.id not in leaving_ids)
    target = without_source_of(replace(target, **fields, former=former), leaving_ids)
    if merge.before is not None:
        target = _with_own_facts(target, source, merge.before, cleared)
    known = {target.phone, target.email, *(device.endpoint for device in target.devices)}
    refused = tuple(each for each in target.refused_at_sites if each not in source.refused_at_sites)
    dead = tuple(each for each in target.dead_addresses if each.address in known)
    return replace(target, dead_addresses=dead, refused_at_sites=refused)


def _with_own_facts(
    target: Client, source: Client, before: BeforeMerge, cleared: Mapping[str, None]
) -> Client:
    texts = {
        name: getattr(before, name)
        for name in ("note", "preferences")
        if getattr(target, name) == _both_texts(getattr(before, name), getattr(source, name))
    }
    of_source = [each for each in source.devices if each not in before.devices]
    of_both = (*target.contact_of, source.id)
    of_source_alone = {source.id, *source.contact_of} - {*before.contact_of}
    told_at = before.birth_date_told_at if "birth_date" in cleared else target.birth_date_told_at
    return replace(
        target,
        **texts,
        birth_date_told_at=told_at,
        written_at=before.written_at if "phone" in cleared else target.written_at,
        contact_id=None if target.phone else before.contact_id,
        contact_of=tuple(each for each in of_both if each not in of_source_alone),
        devices=tuple(each for each in target.devices if each not in of_source),
        due=_own_due(target, source, before),
        touches=_own_touches(target, source, before),
        leaving=reasons_without(target.leaving, source.leaving, before.leaving),
        last_call=calls_without(target.last_call, source.last_call, before.last_call),
    )


def unmerged_facts(source: Client, merge: Merge, target: Client) -> Client:
    """The source with what was learnt of its addresses while it was merged, and without services for which
    the target has been invited. target: before unmerging."""
    if merge.before is not None:
        still_due = {each.service_id for each in target.due}
        source = replace(source, due=tuple(each for each in source.due if each.service_id in still_due))
    known = {source.phone, source.email, *(device.endpoint for device in source.devices)} - {None}
    dead = [each for each in target.dead_addresses if each.address in known]
    return replace(source, dead_addresses=tuple(dict.fromkeys((*source.dead_addresses, *dead))))


def _is_same(target: Client, source: Client, name: str) -> bool:
    return getattr(target, name) is not None and getattr(target, name) == getattr(source, name)


def _both_texts(one: str | None, other: str | None) -> str | None:
    """Both texts, the target's first; a text that the other contains is not repeated."""
    if not one or not other or other in one:
        return one or other
    return f"{one}\n{other}"


def _newest_devices(target: Client, source: Client) -> tuple[Any, ...]:
    by_endpoint = {each.endpoint: each for each in (*source.devices, *target.devices)}
    return tuple(sorted(by_endpoint.values(), key=lambda each: each.at)[-DEVICES_KEPT:])


def _due_of_both(target: Client, source: Client) -> tuple[Due, ...]:
    """Each service once, as the later visit made it due."""
    latest: dict[str, Due] = {}
    for due in (*target.due, *source.due):
        known = latest.get(due.service_id)
        if known is None or known.at < due.at:
            latest[due.service_id] = due
    return tuple(latest.values())


def _own_due(target: Client, source: Client, before: BeforeMerge) -> tuple[Due, ...]:
    """The target's due services without the source's, and those of its own that a source's visit made due
    later."""
    own = tuple(each for each in target.due if each not in source.due or each in before.due)
    of_source = {each.service_id for each in target.due if each not in own}
    return (*own, *(each for each in before.due if each.service_id in of_source))


def _touches_of_both(target: Client, source: Client) -> Mapping[TouchKind, Touch]:
    """The target's touches, and the source's that may have reached the person, so that none is repeated."""
    found = dict(target.touches)
    for kind, touch in _made_once(source).items():
        known = found.get(kind)
        is_made = known is not None and known.state in _MADE
        if (
            known is None
            or known.occurrence < touch.occurrence
            or (known.occurrence == touch.occurrence and not is_made)
        ):
            found[kind] = touch
    return MappingProxyType(found)


def _made_once(source: Client) -> dict[TouchKind, Touch]:
    """The source's touches that may have reached the person. One that is on its way is none of the target's,
    so that its fate is unknown here."""
    return {
        kind: replace(touch, state=TouchState.UNKNOWN, again_at=None) if touch.state in IN_FLIGHT else touch
        for kind, touch in source.touches.items()
        if kind in _ONCE and touch.state in _MADE
    }


def _own_touches(target: Client, source: Client, before: BeforeMerge) -> Mapping[TouchKind, Touch]:
    found = dict(target.touches)
    for kind, touch in _made_once(source).items():
        if found.get(kind) == touch and before.touches.get(kind) != touch:
            found.pop(kind)
            found |= {kind: before.touches[kind]} if kind in before.touches else {}
    return MappingProxyType(found)
