"""Whatever happens to the points of two clients, with any store: the use cases against the simplest model.

Each rule asks the shop and the model for the same, and compares what they answer: both do it, or both refuse.
After each, both must say the same of both clients. To add a use case, add a rule, and what it does to the
model.
"""

from collections.abc import Callable
from contextlib import AbstractContextManager
from datetime import UTC, datetime, timedelta
from typing import Any, ClassVar

from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from chalicelib.domain.loyalty.account import Account
from chalicelib.domain.networks.bonus_rules import Expiry, ExpiryModel
from infra.testkit.failing_calls import Calls, Failure
from tests.ledger.books import Books, Refused
from tests.ledger.shop import CLIENTS, PRICE_MINOR, SALONS, Crash, Shop

BEGINS = (
    datetime(2026, 3, 27, 8, tzinfo=UTC),  # two nights before clocks go forward in Chisinau
    datetime(2026, 10, 23, 12, tzinfo=UTC),  # two nights before they go back
    datetime(2026, 3, 6, 17, tzinfo=UTC),  # forward in New York
    datetime(2026, 10, 30, 20, tzinfo=UTC),  # back in New York
    datetime(2028, 1, 31, 21, 30, tzinfo=UTC),  # from the 31st into a February of 29 days
)
ZONES = ("Europe/Chisinau", "Europe/Moscow", "America/New_York")

clients = st.sampled_from(CLIENTS)
salons = st.sampled_from(sorted(SALONS))
points = st.integers(1, 120)
ends = st.sampled_from([None, 0, 1, 2, 3, 5, 8, 13, 21, 34, 60, 400])
"""After how many local days points expire."""
bills = st.sampled_from([0, 9_999, 12_345, 40_000, 50_000, 50_000, 80_000, 123_456])
shares = st.sampled_from([1, 10, 33, 50, 99, 100, 100, 101])
"""Percent of what can be redeemed; 101: more than that."""
numbers = st.integers(0, 7)
crashes: st.SearchStrategy[Crash | None] = st.one_of(
    st.none(), st.none(), st.tuples(st.integers(0, 9), st.sampled_from([*Failure]))
)
rules_of_bonuses = st.fixed_dictionaries(
    {
        "cashback_percent": st.sampled_from([0, 5, 10, 100]),
        "pending_days": st.sampled_from([0, 0, 0, 1, 3]),
        "redeem_cap_percent": st.sampled_from([100, 100, 25]),
        "redeem_step_points": st.sampled_from([1, 1, 1, 5]),
        "redeem_minimum_points": st.sampled_from([1, 1, 1, 10]),
        "hold_days": st.sampled_from([1, 3]),
        "grace_days": st.sampled_from([1, 30]),
        "expiry": st.one_of(
            st.just(Expiry()),
            st.builds(Expiry, st.just(ExpiryModel.DAYS), st.integers(0, 12)),
            st.builds(Expiry, st.just(ExpiryModel.MONTH_END), st.integers(0, 2)),
            st.builds(Expiry, st.just(ExpiryModel.INACTIVITY), st.integers(1, 12)),
        ),
    }
)


class AnyShop(RuleBasedStateMachine):
    open_store: ClassVar[Callable[[], Any]]
    """An empty store."""
    calls_of: ClassVar[Callable[[Any], Callable[[Calls], AbstractContextManager[Calls]]]]
    """How one of its calls is made to fail."""

    shop: Shop
    books: Books

    @initialize(
        begin=st.sampled_from(BEGINS), zone=st.sampled_from(ZONES), bonuses=rules_of_bonuses,
        gifts=st.lists(st.tuples(clients, st.integers(20, 900), ends), min_size=2, max_size=6),
    )  # fmt: skip
    def the_shop_opens(
        self, begin: datetime, zone: str, bonuses: dict[str, Any], gifts: list[tuple[str, int, int | None]]
    ) -> None:
        store = type(self).open_store()
        self.shop = Shop(store, type(self).calls_of(store), zone, begin)
        self.books = Books(zone, begin)
        self.requests = 0
        self.repeatable: list[tuple[Callable[[], Any], Any]] = []
        self.contradictions: list[Callable[[], Any]] = []
        self.programme_changes(bonuses)
        for client, given, days in gifts:
            self.by_hand(client, "grant", given, days, None)

    def _ask(
        self,
        real: Callable[[], Any],
        model: Callable[[], Any],
        crash: Crash | None = None,
        *,
        keep: bool = True,
    ) -> Any:
        """Asks both: the shop's answer; None where both refuse. keep: the question may be repeated."""
        answer, refusal = self.shop.do(real, crash), None
        try:
            model()
        except Refused as refused:
            refusal = str(refused)
        if refusal is not None:
            assert answer == refusal
            return None
        assert not isinstance(answer, str) or answer.startswith(("rfd_", "cli_")), answer
        if keep:
            self.repeatable.append((real, answer))
        return answer

    def _request(self) -> str:
        self.requests += 1
        return f"r-{self.requests}"

    # --- by hand

    @rule(client=clients, kind=st.sampled_from(["grant", "redeem", "compensation", "correction"]),
          points=points, days=ends, crash=crashes)  # fmt: skip
    def by_hand(self, client: str, kind: str, points: int, days: int | None, crash: Crash | None) -> None:
        signed = -points if kind == "correction" and points % 2 else points
        gives = kind != "redeem" and signed > 0
        day = self.books.today() + timedelta(days=days) if days is not None and gives else None
        request_id, shop = self._request(), self.shop
        entry = self._ask(
            lambda: shop.post(client, kind, signed, request_id, day),
            lambda: self.books.by_hand(client, -points if kind == "redeem" else signed, day),
            crash,
        )
        if entry is not None:
            self.books.named(entry.id)
            self.contradictions.append(lambda: shop.post(client, kind, signed * 2, request_id, day))

    @precondition(lambda self: self.books.undoable)
    @rule(number=st.integers(0, 30), crash=crashes)
    def reverse(self, number: int, crash: Crash | None) -> None:
        entry_id = list(self.books.undoable)[-1 - number % len(self.books.undoable)]
        self._ask(lambda: self.shop.reverse(entry_id), lambda: self.books.reverse(entry_id), crash)

    # --- bookings

    @rule(client=clients, salon=salons, hours=st.integers(1, 60), crash=crashes)
    def book(self, client: str, salon: str, hours: int, crash: Crash | None) -> None:
        starts_at, request_id = self.shop.now + timedelta(hours=hours), self._request()
        client = self.books.surviving_client(client)
        booking = self.shop.do(lambda: self.shop.book(client, salon, starts_at, request_id), crash)
        self.books.book(booking.id, client, SALONS[salon], starts_at)

    @precondition(lambda self: self.books.bookings)
    @rule(number=numbers, hours=st.integers(1, 60), crash=crashes)
    def move(self, number: int, hours: int, crash: Crash | None) -> None:
        booking_id, starts_at = self._booking(number), self.shop.now + timedelta(hours=hours)
        self._ask(
            lambda: self.shop.move(booking_id, starts_at),
            lambda: self.books.move(booking_id, starts_at),
            crash,
            keep=False,
        )

    @rule(client=clients, salon=salons, paid=bills, share=st.just(0) | shares, crash=crashes)
    def visit(self, client: str, salon: str, paid: int, share: int, crash: Crash | None) -> None:
        self.book(client, salon, 1, None)
        self.complete(0, paid, share, crash)

    @precondition(lambda self: self.books.bookings)
    @rule(number=numbers, paid=bills, share=st.just(0) | shares, crash=crashes)
    def complete(self, number: int, paid: int, share: int, crash: Crash | None) -> None:
        booking_id = self._booking(number)
        redeem = self.books.share(self.books.bookings[booking_id].client, paid, share) if share else 0
        before = self.books.bookings[booking_id].status
        done = self._ask(
            lambda: self.shop.complete(booking_id, paid, redeem),
            lambda: self.books.complete(booking_id, paid, redeem),
            crash,
            keep=False,
        )
        if done is not None:
            of_visit = {entry.kind.value: entry.id for entry in done.entries}
            if before != "completed":
                self.books.named_of_visit(booking_id, of_visit)
            booking, model = done.booking, self.books.bookings[booking_id]
            assert (booking.earned_points, booking.redeemed_points) == (model.earned_points, model.redeemed)
            assert before == "completed" or booking.paid_minor == paid

    @precondition(lambda self: self.books.completed)
    @rule(number=numbers, paid=bills, crash=crashes)
    def correct(self, number: int, paid: int, crash: Crash | None) -> None:
        """The desk tells another sum. What a merged client's visit gives more stays with the target, and is
        not tried here."""
        booking_id = self.books.completed[number % len(self.books.completed)]
        visit = self.books.bookings[booking_id]
        if visit.client in self.books.merged and self.books.corrected(visit, paid)[1] > 0:
            return
        booking = self._ask(
            lambda: self.shop.correct(booking_id, paid),
            lambda: self.books.correct(booking_id, paid),
            crash,
            keep=False,
        )
        if booking is not None:
            found = booking.paid_minor, booking.earned_points, booking.redeemed_points
            assert found == (visit.paid, visit.earned_points, visit.redeemed)

    @precondition(lambda self: self.books.bookings)
    @rule(number=numbers, to=st.sampled_from(["cancelled", "no_show", "booked", "booked"]), crash=crashes)
    def step(self, number: int, to: str, crash: Crash | None) -> None:
        """Cancelled, marked a no-show, or reopened: then a completed visit is taken back."""
        booking_id = self._booking(number)
        steps = {"cancelled": self.shop.cancel, "no_show": self.shop.no_show, "booked": self.shop.reopen}
        self._ask(lambda: steps[to](booking_id), lambda: self.books.step(booking_id, to), crash, keep=False)

    @precondition(lambda self: self.books.completed)
    @rule(number=numbers, percent=st.integers(1, 100), crash=crashes)
    def refund(self, number: int, percent: int, crash: Crash | None) -> None:
        done, request_id, shop = self.books.completed, self._request(), self.shop
        booking_id = done[number % len(done)]
        amount = max(self.books.bookings[booking_id].paid * percent // 100, 1)
        answer = self._ask(
            lambda: shop.refund(booking_id, amount, request_id),
            lambda: self.books.refund(booking_id, amount),
            crash,
            keep=False,
        )
        if answer is not None:
            completion = self.books.bookings[booking_id].completions

            def again() -> Any:
                visit = self.books.bookings[booking_id]
                if (visit.status, visit.completions) != ("completed", completion):
                    return answer  # that completion was taken back, and its refunds with it
                return shop.refund(booking_id, amount, request_id)

            self.repeatable.append((again, answer))

    # --- holds

    @precondition(lambda self: self.books.bookings)
    @rule(number=numbers, share=shares, crash=crashes)
    def hold_for_booking(self, number: int, share: int, crash: Crash | None) -> None:
        booking_id = self._booking(number)
        points = self.books.share(self.books.bookings[booking_id].client, PRICE_MINOR, share)
        entry = self._ask(
            lambda: self.shop.hold_for_booking(booking_id, points),
            lambda: self.books.hold_for_booking(booking_id, points),
            crash,
            keep=False,
        )
        if entry is not None:
            self.books.hold_named(entry.id)

    @rule(client=clients, salon=salons, share=shares, paid=bills, crash=crashes)
    def hold_at_desk(self, client: str, salon: str, share: int, paid: int, crash: Crash | None) -> None:
        points = self.books.share(client, paid, share)
        request_id, shop = self._request(), self.shop
        entry = self._ask(
            lambda: shop.hold_at_desk(client, points, salon, paid, request_id),
            lambda: self.books.hold_at_desk(client, points, paid, salon),
            crash,
        )
        if entry is not None:
            self.books.hold_named(entry.id)
            self.contradictions.append(lambda: shop.hold_at_desk(client, points + 1, salon, paid, request_id))

    @precondition(lambda self: self.books.holds)
    @rule(number=numbers, share=shares, salon=salons, crash=crashes)
    def redeem_hold(self, number: int, share: int, salon: str, crash: Crash | None) -> None:
        """In part, as a whole, or more than there is."""
        hold_id = self._hold(number)
        points = -(-self.books.holds[hold_id].points * share // 100)
        entry = self._ask(
            lambda: self.shop.redeem_hold(hold_id, points, salon),
            lambda: self.books.redeem_hold(hold_id, points),
            crash,
        )
        if entry is not None:
            self.books.named(entry.id)

    @precondition(lambda self: self.books.holds)
    @rule(number=numbers, crash=crashes)
    def release_hold(self, number: int, crash: Crash | None) -> None:
        hold_id = self._hold(number)
        self._ask(lambda: self.shop.release_hold(hold_id), lambda: self.books.release_hold(hold_id), crash)

    # --- two clients who are one

    @rule(number=st.integers(0, 1), crash=crashes)
    def merge(self, number: int, crash: Crash | None) -> None:
        client, into = CLIENTS[number], CLIENTS[1 - number]
        self._ask(
            lambda: self.shop.merge(client, into), lambda: self.books.merge(client, into), crash, keep=False
        )

    @precondition(lambda self: self.books.merged)
    @rule(crash=crashes)
    def unmerge(self, crash: Crash | None) -> None:
        (client,) = self.books.merged

        def again() -> str:
            """A second time it is NOT_MERGED."""
            return self.shop.unmerge(client) if self.shop.is_merged(client) else client

        self._ask(again, lambda: self.books.unmerge(client), crash, keep=False)

    # --- again

    @precondition(lambda self: self.repeatable)
    @rule(number=st.integers(0, 40), crash=crashes)
    def ask_again(self, number: int, crash: Crash | None) -> None:
        real, answer = self.repeatable[-1 - number % len(self.repeatable)]
        before = self._accounts()
        assert self.shop.do(real, crash) == answer
        assert self._accounts() == before

    @precondition(lambda self: self.contradictions)
    @rule(number=st.integers(0, 40))
    def ask_for_something_else_under_the_same_id(self, number: int) -> None:
        before = self._accounts()
        refusal = self.shop.do(self.contradictions[-1 - number % len(self.contradictions)])
        assert refusal == "ENTRY_EXISTS"
        assert self._accounts() == before

    def _accounts(self) -> list[Account]:
        return [self.shop.stored(client) for client in CLIENTS]

    # --- time and rules

    @rule(bonuses=rules_of_bonuses)
    def programme_changes(self, bonuses: dict[str, Any]) -> None:
        self.shop.change_rules(**bonuses)
        self.books.rules = bonuses

    @rule(hours=st.sampled_from([1, 3, 7, 12, 23, 24, 25, 49, 100, 24 * 9, 24 * 30]))
    def time_goes_by(self, hours: int) -> None:
        self._now(self.shop.now + timedelta(hours=hours))

    @rule(client=clients, seconds=st.sampled_from([-1, 0, 0, 1, 3600]))
    def something_is_about_to_end(self, client: str, seconds: int) -> None:
        """The instant at which it does, or one beside it."""
        end = self.shop.next_expiration(client)
        if end is not None:
            self._now(max(end + timedelta(seconds=seconds), self.shop.now))

    @rule(client=clients, crash=crashes)
    def the_pointer_is_attended_to(self, client: str, crash: Crash | None) -> None:
        assert self.shop.do(lambda: self.shop.wake(client), crash) is None

    @rule(client=clients, paid=bills)
    def ask_what_may_be_redeemed(self, client: str, paid: int) -> None:
        expected = "CLIENT_MERGED" if client in self.books.merged else self.books.quote(client, paid)
        assert self.shop.do(lambda: self.shop.quote(client, paid), None) == expected

    def _now(self, now: datetime) -> None:
        self.shop.clock.now = self.books.now = now

    def _booking(self, number: int) -> str:
        """Half the time one for which points are held, if there is one."""
        booked = [(key, each) for key, each in self.books.bookings.items() if each.status == "booked"]
        held = [booking_id for booking_id, each in booked if each.hold_id]
        if held and number % 2:
            return held[number // 2 % len(held)]
        return list(self.books.bookings)[-1 - number % len(self.books.bookings)]

    def _hold(self, number: int) -> str:
        """Open ones first."""
        known = sorted(self.books.holds, key=lambda hold_id: self.books.holds[hold_id].became is not None)
        return known[number % len(known)]

    # --- what always holds

    @invariant()
    def the_ledger_is_right_and_the_model_says_the_same(self) -> None:
        for client in CLIENTS:
            stored = self.shop.stored(client)
            assert self.shop.wrongs(stored) == []
            account, model, now = self.shop.now_of(stored), self.books.model(client), self.shop.now
            found = (
                account.available(now),
                account.pending(now),
                account.held,
                account.debt,
                account.balance,
            )
            expected = (model.available(now), model.pending(now), model.held, model.debt, model.balance)
            assert found == expected
            assert account.balance == sum(found[:3])
            assert [hold.expires_at for hold in account.holds] == [
                hold.until for hold in model.holds.values()
            ]
