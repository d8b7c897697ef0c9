"""What the index tells of a client's category is what the client keeps."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.clients.categories import CATEGORIES
from chalicelib.domain.clients.category_changes import CHANGES_KEPT, CategoryCause, CategoryChange
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.clients.leaving import LeavingReason, StatedReason
from chalicelib.domain.facts.packed_changes import (
    CATEGORY_LETTERS,
    CAUSE_LETTERS,
    is_packed,
    packed_changes,
    unpacked_changes,
)
from infra.testkit.builders import a_client

START = date(2026, 1, 5)


def kept(*changes: CategoryChange, stated: tuple[StatedReason, ...] = ()) -> Client:
    last = changes[-1] if changes else CategoryChange("new", "new", START, CategoryCause.VISIT)
    return a_client(
        category=last.to, category_since=last.on, category_changes=changes, leaving=stated, visits_count=1
    )


def change(before: str, to: str, day: int, cause: CategoryCause = CategoryCause.VISIT) -> CategoryChange:
    return CategoryChange(before, to, START + timedelta(day), cause)


@st.composite
def clients(draw: st.DrawFn) -> Client:
    categories, day = st.sampled_from(CATEGORIES), draw(st.integers(0, 40_000))
    found, before = [], draw(categories)
    for days in draw(st.lists(st.integers(0, 500), max_size=CHANGES_KEPT)):
        day += days
        to = draw(categories)
        found.append(change(before, to, day, draw(st.sampled_from(CategoryCause))))
        before = draw(st.sampled_from([to, *CATEGORIES]))
    reasons = draw(st.lists(st.sampled_from([None, *LeavingReason]), max_size=2))
    at = datetime(2026, 3, 9, 23, 59, tzinfo=UTC)
    return kept(*found, stated=tuple(StatedReason(each, at, "key_1", "tired") for each in reasons))


@given(clients())
def test_what_was_packed_comes_back(client: Client) -> None:
    text = packed_changes(client)
    assert is_packed(text)
    assert unpacked_changes(text) == client.category_changes


def test_a_text_as_it_stands_in_the_index() -> None:
    client = kept(
        change("potential", "new", 0),
        change("new", "developing", 30),
        change("developing", "at_risk", 71, CategoryCause.TIME_PASSED),
        change("lost", "lost", 91, CategoryCause.TIME_PASSED),
        stated=(StatedReason(LeavingReason.PRICE, datetime(2026, 3, 9, tzinfo=UTC), "key_1"),),
    )
    assert packed_changes(client) == "pnv9501,ndv9531,dat9572,llt9592 price9564"
    assert packed_changes(kept()) == "-"


def test_a_reason_that_was_taken_back_is_not_told() -> None:
    at = datetime(2026, 3, 9, tzinfo=UTC)
    taken_back = (StatedReason(None, at, "key_1"), StatedReason(LeavingReason.PRICE, at, "key_1"))
    assert packed_changes(kept(stated=taken_back)) == "-"


def test_forty_changes_leave_room_in_the_write_unit_of_an_entry() -> None:
    far = [change("regular", "at_risk", 800 * number) for number in range(CHANGES_KEPT)]
    reason = StatedReason(LeavingReason.SPECIALIST_LEFT, datetime(2026, 3, 9, tzinfo=UTC), "key_1")
    assert len(packed_changes(kept(*far, stated=(reason,)))) < 450


def test_every_category_and_cause_has_a_letter_of_its_own() -> None:
    assert set(CATEGORY_LETTERS) == set(CATEGORIES)
    assert set(CAUSE_LETTERS) == set(CategoryCause)
    for letters in (CATEGORY_LETTERS, CAUSE_LETTERS):
        assert len(set(letters.values())) == len(letters)


@pytest.mark.parametrize("text", ["", "nv9501", "pnv", "pxv9501", "pnx9501", "pnv9501,", "- price"])
def test_what_was_never_packed_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="no changes of a category"):
        unpacked_changes(text)
