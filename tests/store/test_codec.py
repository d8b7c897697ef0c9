"""Every stored type goes into an item and comes back the same, whatever is in it."""

import json
import string
from collections.abc import Mapping
from datetime import UTC, date, datetime, time, timedelta
from enum import Enum
from types import UnionType
from typing import Any, TypeVar, Union, get_args, get_origin, get_type_hints

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec import NODEFAULT, Struct
from msgspec.structs import fields, replace

from chalicelib.domain.bookings.bookings import Booking, Line
from chalicelib.domain.networks.rules import MessageRules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.domain.shared.touches import Touch, TouchKind
from chalicelib.store.codec import MANY_ROWS, decoded, encoded
from chalicelib.store.item import attributes_of, bound_to, value_of
from chalicelib.store.kinds import KINDS
from infra.testkit.builders import a_booking, a_client
from tests.profile import tries

STORED = list(KINDS)
EARLIEST = datetime(1990, 1, 1, tzinfo=UTC)
texts = st.text(st.characters(exclude_categories=("Cs",)), max_size=12) | st.just('Мария «Ș» 💅 \n\x00"\\')
PLAIN: dict[Any, st.SearchStrategy[Any]] = {
    str: texts,
    int: st.integers(-(10**13), 10**13),
    bool: st.booleans(),
    bytes: st.binary(max_size=40),
    datetime: st.integers(0, 10**13).map(
        lambda ms: datetime(1971, 1, 1, tzinfo=UTC) + timedelta(milliseconds=ms)
    ),
    date: st.dates(date(1900, 1, 1), date(2200, 1, 1)),
    time: st.times(),
}


def values(hint: Any) -> st.SearchStrategy[Any]:
    """Any value of a stored type's field, told by its annotation."""
    if hint in PLAIN:
        return PLAIN[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return st.sampled_from(list(hint))
    if isinstance(hint, TypeVar):
        return values(hint.__bound__)
    origin, args = get_origin(hint), get_args(hint)
    if origin in (Union, UnionType):
        return st.one_of(*(st.none() if arg is type(None) else values(arg) for arg in args))
    if origin is tuple:
        return st.lists(values(args[0]), max_size=3).map(tuple)
    if args == (TouchKind, Touch):  # a touch stands under its own kind
        return st.lists(whole(Touch), max_size=3).map(
            lambda touches: {touch.kind: touch for touch in touches}
        )
    if origin is Mapping:
        return st.dictionaries(values(args[0]), values(args[1]), max_size=3)
    return whole(hint)


def whole(cls: type, **known: Any) -> st.SearchStrategy[Any]:
    """A value of a class; what has a default is often left at it."""
    hints = get_type_hints(cls)
    given_fields = {}
    for field in fields(cls):
        if field.name in known:
            given_fields[field.name] = st.just(known[field.name])
        elif field.default is not NODEFAULT:
            given_fields[field.name] = st.just(field.default) | values(hints[field.name])
        elif field.default_factory is not NODEFAULT:
            given_fields[field.name] = st.just(field.default_factory()) | values(hints[field.name])
        else:
            given_fields[field.name] = values(hints[field.name])
    return st.builds(cls, **given_fields)


ITEM = bound_to("never-asked", "us-east-1")


def item_of(value: Any) -> Any:
    return ITEM(**attributes_of(value, shards=8))


@pytest.mark.parametrize("cls", STORED, ids=lambda cls: cls.__name__)
def test_a_stored_value_comes_back_as_it_was(cls: type) -> None:
    """Through the item: its key and index attributes tell a part of the value, the body the rest."""
    names = {field.name for field in fields(cls)}

    @given(whole(cls, **{"version": 7} if "version" in names else {}))
    @tries(40)
    def there_and_back(value: Any) -> None:
        item = item_of(value)
        assert (item.body is None) is (len(item.packed or b"") > 0)
        back = value_of(cls, item)
        assert getattr(back, "version", 8) == 8
        if isinstance(value, Booking):  # the salon's index tells that, and no body repeats it
            value, back = replace(value, indexed=None), replace(back, indexed=None)
        assert (replace(back, version=7) if "version" in names else back) == value

    there_and_back()


def test_what_is_at_its_default_is_not_written() -> None:
    body = json.loads(encoded(a_booking(lines=(Line("srv_cut", 60),)), {"network_id"}))
    assert body.keys() == {"id", "salon_id", "client_id", "starts_at", "lines", "currency", "made_at"}
    assert body["lines"] == [["srv_cut", 60]]


def test_what_the_key_and_the_indexes_tell_is_not_in_the_body() -> None:
    for value in (a_booking(version=3), a_client(version=3)):
        body = json.loads(item_of(value).body)
        assert not {"network_id", "id", "version", "client_id", "salon_id"} & body.keys()


def test_a_booking_that_waits_for_its_client_keeps_whom_it_waits_for() -> None:
    booking = a_booking(client_id=None, connection_id="con_1", waiting_for="A#B", version=1)
    assert value_of(Booking, item_of(booking)).waiting_for == "A#B"


def test_a_field_added_later_reads_from_an_old_item_as_its_default() -> None:
    body = json.loads(encoded(a_booking(), ()))
    body["lines"] = [["srv_cut", 60]]
    old = decoded(Booking, json.dumps(body))
    assert old.lines == (Line("srv_cut", 60, None, None),)
    assert old.goods_minor is None


def test_a_field_that_was_taken_away_is_passed_over() -> None:
    body = json.loads(encoded(a_booking(), ())) | {"forgotten": 1}
    assert decoded(Booking, json.dumps(body)) == a_booking()


@pytest.mark.parametrize("value", [0, "", False])
def test_an_empty_value_is_not_taken_for_a_default_of_none(value: Any) -> None:
    class Kept(Struct, frozen=True, kw_only=True):
        said: str | int | bool | None = None

    assert json.loads(encoded(Kept(said=value), ())) == {"said": value}


def test_only_a_class_that_is_declared_a_row_is_written_without_names() -> None:
    """Whether its fields are positional is a matter of how values are made."""

    class Positional(Struct, frozen=True):
        name: str
        points: int = 0

    class ByName(Struct, frozen=True, kw_only=True):
        name: str
        points: int = 0

    class Kept(Struct, frozen=True):
        one: Positional
        many: tuple[ByName, ...] = ()

    kept = Kept(Positional("a", 2), tuple(ByName(name=str(number)) for number in range(MANY_ROWS)))
    body = encoded(kept, ())
    assert json.loads(body)["one"] == {"name": "a", "points": 2}
    assert json.loads(body)["many"][3] == {"name": "3"}
    assert json.loads(encoded(Line("srv_cut", 60), ())) == {"service_id": "srv_cut", "minutes": 60}
    assert json.loads(encoded(a_booking(lines=(Line("srv_cut", 60),)), ()))["lines"] == [["srv_cut", 60]]


def test_instants_of_any_zone_are_written_in_utc() -> None:
    there = datetime.fromisoformat("2026-11-24T15:00:00.123+02:00")
    body = json.loads(encoded(a_booking(starts_at=there), ()))
    assert body["starts_at"] == "2026-11-24T13:00:00.123000Z"
    assert decoded(Booking, json.dumps(body)).starts_at == there


def test_nested_rules_keep_what_was_decided() -> None:
    rules = MessageRules(quiet_hours=QuietHours(time(22, 30), time(7)), confirm_cutoff_hours_before=0)
    assert decoded(MessageRules, encoded(rules, ())) == rules
    assert set(string.ascii_uppercase).isdisjoint(encoded(MessageRules(), ()))
