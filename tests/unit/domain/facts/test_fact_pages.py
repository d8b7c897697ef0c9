"""Pages of facts: how long a day stays marked, and when its page is renewed."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.facts.fact_pages import (
    FORGOTTEN_BEFORE,
    NIGHT,
    SETTLING,
    SPREAD,
    FactPage,
    handed_over,
    is_intact,
    is_superseded,
    marked,
    page_of,
    part_key,
    remembered_until,
    renewed,
    waits_for_renewal,
)
from chalicelib.domain.shared.zones import local_instant
from infra.testkit.builders import NETWORK, NOW

CHISINAU = "Europe/Chisinau"
DAY = date(2026, 11, 23)
FIRST = datetime(2024, 1, 1, tzinfo=UTC)


def a_page(day: date = DAY) -> FactPage:
    return page_of(NETWORK, "sal_centru", day)


def test_a_marked_day_is_renewed_in_the_next_night_of_the_salon() -> None:
    page = marked(a_page(), DAY, NOW, CHISINAU)
    night = local_instant(date(2026, 11, 24), NIGHT, CHISINAU)
    assert page.days == (DAY,)
    assert page.renew_at is not None
    assert night <= page.renew_at < night + SPREAD
    assert page.wake is not None
    assert page.wake.at == page.renew_at


def test_another_day_keeps_the_night() -> None:
    first = marked(a_page(), DAY, NOW, CHISINAU)
    second = marked(first, date(2026, 11, 2), NOW + timedelta(hours=3), CHISINAU)
    assert second.days == (date(2026, 11, 2), DAY)
    assert second.renew_at == first.renew_at


def test_a_day_that_is_marked_already_changes_nothing() -> None:
    page = marked(a_page(), DAY, NOW, CHISINAU)
    assert marked(page, DAY, NOW + timedelta(hours=3), CHISINAU) is page


def test_a_mark_shortly_before_the_renewal_puts_it_off() -> None:
    page = marked(a_page(), DAY, NOW, CHISINAU)
    later = marked(page, DAY, remembered_until(page), CHISINAU)
    assert page.renew_at is not None
    assert later.renew_at == page.renew_at + timedelta(days=1)


@given(
    st.integers(0, 4 * 366 * 24 * 60).map(lambda minute: FIRST + timedelta(minutes=minute)),
    st.sampled_from([CHISINAU, "UTC", "America/New_York", "Pacific/Auckland", "Africa/Casablanca"]),
)
def test_no_process_remembers_a_mark_for_longer_than_it_stands(at: datetime, zone_name: str) -> None:
    """Also in nights in which the clock changes: a change is saved long before its renewal."""
    page = marked(a_page(), DAY, at, zone_name)
    assert page.renew_at is not None
    assert at + SETTLING <= page.renew_at <= at + timedelta(hours=28)
    assert not waits_for_renewal(page, remembered_until(page))
    assert remembered_until(page) == page.renew_at - FORGOTTEN_BEFORE


def test_a_renewed_page_has_no_marks() -> None:
    page = marked(a_page(), DAY, NOW, CHISINAU)
    assert page.renew_at is not None
    after = renewed(page, "part-2", 7, page.renew_at)
    assert (after.part, after.former_part, after.rows) == ("part-2", None, 7)
    assert (after.days, after.renew_at, after.wake) == ((), None, None)
    assert renewed(after, "part-3", 8, NOW).former_part == "part-2"


def test_a_page_that_is_made_again_by_day_keeps_its_marks() -> None:
    page = marked(a_page(), DAY, NOW, CHISINAU)
    after = renewed(page, "part-2", 7, NOW)
    assert (after.part, after.days) == ("part-2", (DAY,))
    assert (after.renew_at, after.wake) == (page.renew_at, page.wake)


@pytest.mark.parametrize(("tries", "minutes"), [(0, 15), (1, 30), (6, 960), (60, 960)])
def test_a_page_that_nobody_renews_is_handed_over_ever_more_rarely(tries: int, minutes: int) -> None:
    page = handed_over(FactPage(network_id=NETWORK, salon_id="s", month="2026-11", tries=tries), NOW)
    assert page.wake is not None
    assert page.wake.at == NOW + timedelta(minutes=minutes)
    assert page.tries == tries + 1


def test_parts_of_this_version_and_before_are_superseded_but_the_last_two() -> None:
    page = FactPage(network_id=NETWORK, salon_id="s", month="2026-11", version=4)
    now_valid, was_valid, lost = (part_key(page, each) for each in (b"a", b"b", b"c"))
    page = FactPage(
        network_id=NETWORK, salon_id="s", month="2026-11", version=5, part=now_valid, former_part=was_valid
    )
    of_another = part_key(page, b"d")
    keys = [now_valid, was_valid, lost, of_another, "facts/visits/v1/what.parquet"]
    assert [key for key in keys if is_superseded(page, key)] == [lost]


def test_the_key_of_a_part_says_network_salon_and_month_and_tells_its_content() -> None:
    key = part_key(a_page(), b"abc")
    where = f"facts/visits/v1/network={NETWORK}/salon=sal_centru/month=2026-11/"
    assert key == f"{where}part-000001-ba7816bf8f01cfea4141.parquet"
    assert is_intact(key, b"abc")
    assert not is_intact(key, b"abd")
