"""The table: all or nothing, guarded by versions, listed page by page, and asked cheaply what is due."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking, Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.intake.inbox import InboxItem, InboxState
from chalicelib.domain.loyalty.account import Account, EntryKind, Posting
from chalicelib.domain.loyalty.ledger import post
from chalicelib.domain.loyalty.passes import PassDevice
from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.shared.aliases import PHONE, Alias
from chalicelib.domain.shared.errors import DomainError
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.domain.shared.waking import Wake
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.store.item import attributes_of
from chalicelib.store.keys import shard_names
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_booking, a_client, a_town


def an_alias(value: str = "+37369123456", leads_to: str = "cli_maria00000000001") -> Alias:
    return Alias(network_id=NETWORK, kind=PHONE, value=value, leads_to=leads_to)


def a_message(number: int, state: MessageState = MessageState.SENT) -> Message:
    at = NOW + timedelta(minutes=number)
    return Message(
        network_id=NETWORK,
        id=f"msg_{number:04d}",
        client_id="cli_maria00000000001",
        salon_id="sal_centru",
        kind=TouchKind.NOTICE,
        channel="sms",
        planned_at=at,
        recorded_at=at,
        state=state,
    )


def test_a_value_is_saved_with_its_next_version_and_read_back(store: Any) -> None:
    (saved,) = store.save(a_booking())
    assert saved.version == 1
    assert store.get(Booking, network_id=NETWORK, id=saved.id) == saved


def test_of_two_who_make_the_same_one_is_told(store: Any) -> None:
    store.save(a_booking())
    with pytest.raises(SaveConflict):
        store.save(a_booking(note="mine"))
    assert store.get(Booking, network_id=NETWORK, id=a_booking().id).note is None


def test_of_two_who_change_the_same_the_later_is_told(store: Any) -> None:
    (saved,) = store.save(a_booking())
    store.save(replace(saved, note="first"))
    with pytest.raises(SaveConflict):
        store.save(replace(saved, note="second"))
    assert store.get(Booking, network_id=NETWORK, id=saved.id).note == "first"


def test_a_save_of_several_is_all_or_nothing_and_names_the_culprit(store: Any) -> None:
    store.save(an_alias())
    client, alias = a_client(), an_alias(leads_to="cli_other")
    with pytest.raises(SaveConflict) as clash:
        store.save(client, alias)
    assert clash.value.value is alias
    assert store.get(Client, network_id=NETWORK, id=client.id) is None


@pytest.mark.parametrize("how_many", [1, 2])
def test_an_alias_can_be_given_up(store: Any, how_many: int) -> None:
    """As when a client's phone changes: the old alias goes in the same transaction as the new one comes."""
    aliases = [an_alias(f"+3736912345{number}") for number in range(how_many)]
    (client, *_) = store.save(a_client(), *aliases)
    store.save(replace(client, phone="+37369000000"), an_alias("+37369000000"), remove=aliases)
    assert [store.alias(NETWORK, PHONE, alias.value) for alias in aliases] == [None] * how_many
    assert store.alias(NETWORK, PHONE, "+37369000000") == client.id


def test_what_is_not_there_any_more_cannot_be_given_up_twice(store: Any) -> None:
    (client, _) = store.save(a_client(), an_alias())
    (client,) = store.save(client, remove=[an_alias()])
    with pytest.raises(SaveConflict):
        store.save(client, remove=[an_alias()])


def test_another_network_sees_nothing(store: Any) -> None:
    store.save(a_booking())
    store.save(a_client())
    store.save(an_alias())
    assert store.get(Booking, network_id=OTHER_NETWORK, id=a_booking().id) is None
    assert store.get(Client, network_id=OTHER_NETWORK, id=a_client().id) is None
    assert store.alias(OTHER_NETWORK, PHONE, "+37369123456") is None
    assert store.bookings_of_salon(OTHER_NETWORK, "sal_centru").items == []


def test_the_directory_holds_all_that_is_set_up_and_nothing_else(store: Any) -> None:
    town = a_town(store)
    a_town(store, OTHER_NETWORK)
    directory = store.directory(NETWORK)
    assert directory.network.name == "Lotos"
    assert set(directory.salons) == {salon.id for salon in town.salons}
    assert set(directory.staff) == {person.id for person in town.staff}
    assert set(directory.services) == {service.id for service in town.services}
    assert store.directory("net_nowhere000") is None


def test_an_account_to_which_nothing_was_posted_is_empty(store: Any) -> None:
    assert store.account(NETWORK, "cli_x") == Account(network_id=NETWORK, client_id="cli_x")


def test_an_entry_and_its_account_are_written_together(store: Any) -> None:
    posting = Posting(id="ent_1", kind=EntryKind.GRANT, points=5, reason="", actor="")
    done = post(store.account(NETWORK, "cli_x"), posting, NOW)
    account, entry = done.account, done.entry
    store.save(entry, account)
    with pytest.raises(SaveConflict):
        store.save(entry, store.account(NETWORK, "cli_x"))
    assert store.account(NETWORK, "cli_x").balance == 5
    assert store.entries(NETWORK, "cli_x") == [entry]


# --- lists


def all_pages(ask: Any, limit: int) -> list[str]:
    found: list[str] = []
    cursor = None
    for _ in range(20):
        page = ask(limit=limit, cursor=cursor)
        assert len(page.items) <= limit
        found += [item.id for item in page.items]
        cursor = page.cursor
        if cursor is None:
            return found
    raise AssertionError("the list has no end")


@pytest.fixture
def calendar(store: Any) -> list[str]:
    """Nine bookings, one each hour, every third of them cancelled."""
    ids = []
    for hour in range(9):
        status = Status.CANCELLED if hour % 3 == 0 else Status.BOOKED
        booking = a_booking(f"bkg_{hour}", starts_at=NOW + timedelta(hours=hour), status=status)
        ids.append(store.save(booking)[0].id)
    return ids


@pytest.mark.parametrize("limit", [1, 2, 4, 9, 50])
def test_a_list_in_pages_is_the_whole_list(store: Any, calendar: list[str], limit: int) -> None:
    assert all_pages(lambda **page: store.bookings_of_salon(NETWORK, "sal_centru", **page), limit) == calendar
    by_client = all_pages(
        lambda **page: store.bookings_of_client(NETWORK, "cli_maria00000000001", **page), limit
    )
    assert by_client == calendar[::-1]


@pytest.mark.parametrize("limit", [1, 2, 50])
def test_a_list_of_one_status_has_no_gaps(store: Any, calendar: list[str], limit: int) -> None:
    def ask(**page: Any) -> Any:
        return store.bookings_of_salon(NETWORK, "sal_centru", status=Status.CANCELLED, **page)

    assert all_pages(ask, limit) == calendar[::3]


def test_bookings_to_come_are_listed_alike_confirmed_or_not(store: Any) -> None:
    """So that a confirmation does not write the index."""
    booked = store.save(a_booking("bkg_1"))[0]
    confirmed = store.save(a_booking("bkg_2", status=Status.CONFIRMED))[0]
    for status in (Status.BOOKED, Status.CONFIRMED):
        found = store.bookings_of_salon(NETWORK, "sal_centru", status=status).items
        assert {(each.id, each.status) for each in found} == {
            (booked.id, Status.BOOKED),
            (confirmed.id, Status.CONFIRMED),
        }


@pytest.fixture
def queries(store: Any) -> Iterator[list[str]]:
    """The Query calls that the store makes."""
    made: list[str] = []
    note = lambda **call: made.append(call["event_name"])  # noqa: E731
    events = store.item._get_connection().connection.client.meta.events
    events.register("before-call.dynamodb.Query", note)
    yield made
    events.unregister("before-call.dynamodb.Query", note)


def test_one_rare_status_among_many_is_found_by_one_query(
    store: Any, calendar: list[str], queries: list[str]
) -> None:
    done = store.get(Booking, network_id=NETWORK, id=calendar[-1])
    store.save(replace(done, status=Status.COMPLETED))
    page = store.bookings_of_salon(NETWORK, "sal_centru", status=Status.COMPLETED, limit=1)
    assert ([booking.id for booking in page.items], len(queries)) == ([calendar[-1]], 1)


def test_however_rare_a_status_is_one_page_costs_one_query(
    store: Any, calendar: list[str], queries: list[str]
) -> None:
    for number in range(195):
        store.save(a_booking(f"bkg_later_{number}", starts_at=NOW + timedelta(days=1, minutes=number)))
    last = store.save(a_booking("bkg_last", starts_at=NOW + timedelta(days=9), status=Status.NO_SHOW))[0]

    def ask(**page: Any) -> Any:
        return store.bookings_of_salon(NETWORK, "sal_centru", status=Status.NO_SHOW, **page)

    first = ask(limit=1)
    assert (first.items, len(queries)) == ([], 1)
    assert [booking.id for booking in ask(limit=1, cursor=first.cursor).items] == [last.id]
    assert len(queries) == 2


def test_a_span_begins_with_its_first_instant_and_ends_before_its_last(
    store: Any, calendar: list[str]
) -> None:
    def ids(**span: Any) -> list[str]:
        return [booking.id for booking in store.bookings_of_salon(NETWORK, "sal_centru", **span).items]

    at = [NOW + timedelta(hours=hour) for hour in range(10)]
    assert ids(since=at[2], until=at[4]) == calendar[2:4]
    assert ids(since=at[7]) == calendar[7:]
    assert ids(until=at[2]) == calendar[:2]
    assert ids(since=at[2], until=at[2]) == []
    assert ids(since=at[4], until=at[2]) == []


def test_messages_are_listed_newest_first(store: Any) -> None:
    for number in range(7):
        store.save(a_message(number))
    newest_first = [f"msg_{number:04d}" for number in reversed(range(7))]
    client = {"network_id": NETWORK, "client_id": "cli_maria00000000001"}
    ask_client = lambda **page: store.get_page(Message, **client, **page)  # noqa: E731
    ask_salon = lambda **page: store.messages_of_salon(NETWORK, "sal_centru", **page)  # noqa: E731
    assert all_pages(ask_client, 3) == all_pages(ask_salon, 3) == newest_first


def test_a_message_is_recorded_once_and_what_stands_is_the_truth(store: Any) -> None:
    store.save(a_message(1))
    with pytest.raises(SaveConflict):
        store.save(a_message(1, state=MessageState.UNKNOWN))
    assert (
        store.get(Message, network_id=NETWORK, client_id="cli_maria00000000001", id="msg_0001").state
        == "sent"
    )


@pytest.mark.parametrize("cursor", ["", "nonsense", "e30", "W10", "bnVsbA", "\x00", "é" * 10, "eyJQSyI6MX0",
                                    "eyJQSyI6IngiLCJTSyI6InkifQ", "x" * 100_000])  # fmt: skip
def test_a_cursor_that_was_not_given_out_here_is_refused(store: Any, cursor: str) -> None:
    with pytest.raises(DomainError, match="INVALID_CURSOR"):
        store.bookings_of_salon(NETWORK, "sal_centru", cursor=cursor)
    with pytest.raises(DomainError, match="INVALID_CURSOR"):
        store.get_page(Message, network_id=NETWORK, client_id="cli_maria00000000001", cursor=cursor)


def test_a_cursor_of_another_network_or_list_is_refused(store: Any, calendar: list[str]) -> None:
    cursor = store.bookings_of_salon(NETWORK, "sal_centru", limit=1).cursor
    for network_id, salon_id in ((OTHER_NETWORK, "sal_centru"), (NETWORK, "sal_york")):
        with pytest.raises(DomainError, match="INVALID_CURSOR"):
            store.bookings_of_salon(network_id, salon_id, cursor=cursor)
    with pytest.raises(DomainError, match="INVALID_CURSOR"):
        store.bookings_of_client(NETWORK, "cli_maria00000000001", cursor=cursor)


def test_what_a_person_must_look_at_is_found_without_reading_the_rest(store: Any) -> None:
    for number, state in enumerate([InboxState.APPLIED, InboxState.QUARANTINED, InboxState.RECEIVED]):
        store.save(InboxItem(network_id=NETWORK, id=f"inb_{number}", connection_id="con_1", site="standard",
                             raw=b"\xff\x00{", received_at=NOW, state=state))  # fmt: skip
    assert [item.id for item in store.inbox(NETWORK, state=InboxState.QUARANTINED).items] == ["inb_1"]
    assert [item.id for item in store.inbox(NETWORK).items] == ["inb_2", "inb_1", "inb_0"]
    assert store.get(InboxItem, network_id=NETWORK, id="inb_0").raw == b"\xff\x00{"


# --- what is due


def sleeping(number: int, at: Any) -> Any:
    return a_booking(f"bkg_{number:03d}", wake=Wake(at, "notice"))


def test_what_is_due_is_found_longest_due_first_and_what_is_not_is_not(store: Any) -> None:
    for number, minutes in enumerate([0, -5, 5, -10]):
        store.save(sleeping(number, NOW + timedelta(minutes=minutes)))
    due = {shard: store.due(shard, NOW, limit=10) for shard in shard_names(store.shards)}
    found = sorted((item for items in due.values() for item in items), key=lambda item: item.wake_at)
    assert [item.pk[-3:] for item in found] == ["003", "001", "000"]


def test_what_was_settled_sleeps_in_no_shard(store: Any) -> None:
    (saved,) = store.save(sleeping(1, NOW))
    store.save(replace(saved, wake=None))
    assert not any(store.due(shard, NOW, limit=10) for shard in shard_names(store.shards))


def test_a_shard_is_read_on_from_where_a_page_ended_even_if_that_item_has_moved(store: Any) -> None:
    for number in range(40):
        store.save(sleeping(number, NOW - timedelta(minutes=number)))
    shard = store.locate(sleeping(0, NOW))[2]
    whole = store.due(shard, NOW, limit=100)
    first = store.due(shard, NOW, limit=1)
    moved = store.read(first[0].pk, first[0].sk)
    store.save(replace(moved, wake=None))
    assert first + store.due(shard, NOW, limit=100, after=first[0]) == whole


def test_a_device_that_is_gone_goes_by_itself_unless_it_comes_again(store: Any) -> None:
    kept = PassDevice(network_id=NETWORK, client_id="cli_1", device="d", push_token="a1", kept_since=NOW)
    gone = replace(kept, expires_at=NOW)
    for stands in (kept, gone, kept):
        store.save(stands)
        assert store.get_all(PassDevice, network_id=NETWORK, client_id="cli_1") == [stands]
    assert attributes_of(kept, 1)["expires"] is None
    assert attributes_of(gone, 1)["expires"] == int(NOW.timestamp())
