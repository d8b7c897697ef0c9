"""A field with an unusable value is left out and noted; the rest of the body is read."""

from typing import Annotated

import pytest
from msgspec import UNSET, Meta, Struct, UnsetType

from chalicelib.booking_sites.parsing import Nothing, Oddities, lenient
from chalicelib.domain.intake.inbox import MAX_NOTES
from chalicelib.domain.intake.site_events import WebhookNotUnderstood
from tests.unit.booking_sites.samples import body


class _Chair(Struct):
    number: int
    colour: str | None = None


class _Room(Struct, rename="camel"):
    id: int
    usual_colour: str = "white"
    chairs: Annotated[list[_Chair], Meta(max_length=3)] | None = None
    owner: _Chair | Nothing | UnsetType | None = UNSET


def read(message: object, *, strict: bool = True) -> tuple[_Room, tuple[str, ...]]:
    odd = Oddities()
    return lenient(body(message), _Room, odd, strict=strict), odd.notes


def refusal(message: object) -> str:
    with pytest.raises(WebhookNotUnderstood) as error:
        read(message)
    return error.value.message


def test_a_proper_body_has_no_notes():
    assert read({"id": 1, "chairs": [{"number": 2}]}) == (_Room(1, chairs=[_Chair(2)]), ())


def test_an_odd_field_gets_its_default_and_is_named():
    assert read({"id": 1, "usualColour": 5}) == (
        _Room(1),
        ("$.usualColour: Expected `str`, got `int`",),
    )


def test_of_an_odd_object_the_sound_fields_are_read():
    room, notes = read({"id": 1, "owner": {"number": 2, "colour": []}, "chairs": [{"number": 3}]})
    assert room == _Room(1, chairs=[_Chair(3)], owner=_Chair(2))
    assert notes == ("$.owner.colour: Expected `str | null`, got `array`",)


def test_an_object_without_what_it_needs_counts_as_not_sent():
    room, notes = read({"id": 1, "owner": {"number": "three"}})
    assert room.owner is UNSET
    assert notes == ("$.owner.number: Expected `int`, got `str`",)


def test_a_list_where_an_object_belongs_is_not_taken_for_an_empty_one():
    assert read({"id": 1, "owner": [5]})[0].owner is UNSET
    assert read({"id": 1, "owner": []})[0].owner == []


def test_odd_elements_are_left_out_and_the_others_stay():
    room, notes = read({"id": 1, "chairs": [{"number": 1}, "a chair", {"number": 3, "colour": 4}]})
    assert room.chairs == [_Chair(1), _Chair(3)]
    assert notes == (
        "$.chairs[1]: Expected `object`, got `str`",
        "$.chairs[2].colour: Expected `str | null`, got `int`",
    )


def test_what_is_beyond_the_bound_of_a_list_is_left_out():
    room, notes = read({"id": 1, "chairs": [{"number": n} for n in range(5)]})
    assert room.chairs == [_Chair(0), _Chair(1), _Chair(2)]
    assert notes == ("$.chairs: 5 elements; 3 are read",)


def test_what_the_shape_needs_is_refused_with_its_path():
    assert refusal({}) == "Object missing required field `id` - at `$`"
    assert refusal({"id": "x", "usualColour": 5}) == "Expected `int`, got `str` - at `$.id`"
    assert refusal([]) == "Expected `object`, got `array` - at `$`"


def test_numbers_may_come_as_text_where_the_site_is_like_that():
    assert read({"id": "1", "usualColour": 5}, strict=False)[0] == _Room(1)


def test_notes_are_bounded():
    _, notes = read({"id": 1, "owner": {"number": 1}, **{f"x{n}": n for n in range(50)}, "usualColour": 1})
    assert len(notes) == 1
    odd = Oddities()
    for n in range(100):
        odd.note(f"$.x[{n}]", "odd")
    assert len(odd.notes) == MAX_NOTES
