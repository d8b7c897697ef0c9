"""Ids: ordered by time, or derived from what they stand for."""

from datetime import datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from chalicelib.domain.shared.ids import (
    ALPHABET,
    client_of_entry,
    derived,
    digest,
    encoded,
    entry_id,
    instant_of,
    network_of,
    time_ordered,
    time_part,
)
from infra.testkit.builders import NOW

instants = st.integers(0, 6_000_000_000_000).map(lambda ms: NOW + timedelta(milliseconds=ms))


@given(instants, instants)
def test_the_order_of_time_ordered_ids_is_the_order_of_time(one: datetime, other: datetime) -> None:
    if other - one >= timedelta(milliseconds=1):
        assert time_ordered("bkg", one, "zzz") < time_ordered("bkg", other, "000")


@given(instants)
def test_the_instant_of_a_time_ordered_id_is_read_back(at: datetime) -> None:
    assert instant_of(time_ordered("msg", at, "0123456789")) == at


@given(st.text())
def test_what_is_no_such_id_has_no_instant_or_some(text: str) -> None:
    instant_of(text)
    assert instant_of(f"msg_{text[:8]}") is None


@given(instants)
def test_the_time_takes_nine_characters(at: datetime) -> None:
    assert len(time_part(at)) == 9
    assert set(time_part(at)) <= set(ALPHABET)


@given(st.lists(st.text(), min_size=1, max_size=4), st.lists(st.text(), min_size=1, max_size=4))
def test_parts_of_a_derived_id_cannot_run_into_each_other(one: list[str], other: list[str]) -> None:
    clean = [[part.replace("\x1f", "") for part in parts] for parts in (one, other)]
    assert (derived("x", *clean[0]) == derived("x", *clean[1])) == (clean[0] == clean[1])


def test_a_derived_id_is_the_same_whenever_it_is_made() -> None:
    assert derived("bkg", "con_1", "17") == derived("bkg", "con_1", "17") == f"bkg_{digest('con_1', '17')}"


def test_encoding_keeps_the_lowest_bits() -> None:
    assert encoded(0, 3) == "000"
    assert encoded(32**3 + 1, 3) == "001"
    assert encoded(31, 1) == "z"


@given(st.text(ALPHABET, min_size=16, max_size=16), st.text())
def test_an_entrys_id_tells_its_client(tail: str, cause: str) -> None:
    assert client_of_entry(entry_id(f"cli_{tail}", "request", cause)) == f"cli_{tail}"


@given(st.text(max_size=50))
def test_nonsense_in_place_of_an_id_leads_to_nobody_and_raises_nothing(nonsense: str) -> None:
    assert client_of_entry(nonsense).startswith("cli_")
    assert network_of(nonsense).startswith("net_")


def test_a_secret_names_its_network_before_the_dot() -> None:
    assert network_of("key_lotos00001.secretpart") == "net_lotos00001"
