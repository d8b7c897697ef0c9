"""A client's first source holds, whatever sites, bookings and partners say later. A person may correct it, on
record; and of two clients who turn out to be one the source of whoever was registered earlier holds. Pure."""

from collections.abc import Collection
from datetime import datetime

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.source_record import MergedSource, SourceCorrection, SourceRecord

CORRECTIONS_KEPT = 5


def record_of(client: Client) -> SourceRecord:
    return client.source_record or SourceRecord(first=client.source, partner=client.source)


def partner_word(client: Client) -> str | None:
    """The word by which a partner may see the client: that of the registration, whatever counts now."""
    return record_of(client).partner


def with_first_source(client: Client, word: str | None) -> Client:
    """A client who is registered, and came by another source than the one that registers them."""
    if word is None or word == client.source:
        return client
    return _with_record(client, SourceRecord(first=word, partner=client.source))


def with_source_corrected(client: Client, word: str | None, at: datetime, actor: str) -> Client:
    """The client whose source a person corrects. It holds from now on, also over the sources of clients who
    are merged into this one already."""
    record = record_of(client)
    corrected = (SourceCorrection(word, at, actor), *record.corrected)[:CORRECTIONS_KEPT]
    return _with_record(client, replace(record, corrected=corrected, merged=()))


def with_source_of(target: Client, source: Client) -> Client:
    """The target after a merge. Nothing is kept where the target was registered first and has a source."""
    record, of_source = record_of(target), record_of(source)
    own = _own_word(of_source)
    found = [MergedSource(source.id, source.created_at, own)] if own is not None else []
    found += of_source.merged
    if _own_word(record) is not None:
        found = [each for each in found if each.registered_at < target.created_at]
    return _with_record(target, replace(record, merged=(*record.merged, *found))) if found else target


def without_source_of(target: Client, leaving_ids: Collection[str]) -> Client:
    """The target after a source is unmerged, with whoever had been merged into the source."""
    record = record_of(target)
    staying = tuple(each for each in record.merged if each.client_id not in leaving_ids)
    return target if staying == record.merged else _with_record(target, replace(record, merged=staying))


def _own_word(record: SourceRecord) -> str | None:
    return record.corrected[0].word if record.corrected else record.first


def _with_record(client: Client, record: SourceRecord) -> Client:
    own = _own_word(record)
    words = [(each.registered_at, each.word) for each in record.merged]
    if own is not None:
        words.insert(0, (client.created_at, own))
    counts = min(words, key=lambda each: each[0])[1] if words else None
    is_plain = not record.corrected and not record.merged and record.first == record.partner
    return replace(client, source=counts, source_record=None if is_plain else record)
