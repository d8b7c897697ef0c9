"""The autumn of one network, lived by the use cases of commit fd8b8f7: clients, visits, points and messages.
Its walks: old_walks.py.

Belongs to make_items.py, and runs where that runs.
"""

from collections.abc import Callable
from contextlib import suppress
from datetime import UTC, date, datetime, timedelta
from typing import Any

from msgspec.structs import replace
from old_rules import BONUSES, MESSAGES, OVERRIDES

from chalicelib.domain.bonus_rules import CouponTerms
from chalicelib.domain.bookings import Booking
from chalicelib.domain.messages import MessageState, Outcome
from chalicelib.domain.network import Role
from chalicelib.domain.programme import Bill
from chalicelib.domain.receipts import Receipt
from chalicelib.domain.replies import Reply
from chalicelib.domain.site_events import SiteClient, SiteStatus
from chalicelib.domain.touches import TouchKind
from chalicelib.domain.walks import Walk
from chalicelib.services import (
    connect_site,
    hold_points,
    keep_client,
    keep_consents,
    keep_coupons,
    keep_devices,
    keep_passes,
    keep_tasks,
    keep_templates,
    manage_keys,
    merge_clients,
    post_bonus,
    refer_client,
    refund_visit,
    review_visit,
    set_rules,
    set_up,
    step_booking,
    take_receipt,
    take_reply,
    undo_entry,
)
from chalicelib.services.make_links import Links
from chalicelib.services.walk_on import walk_on
from chalicelib.web.wording import message_words, text_to_begin_with
from tests.builders import (
    NETWORK,
    RecordingRegistry,
    a_network,
    a_town,
    access,
)
from tests.life import BASE_URL, Life, client_reported, reported, thin
from tests.small_pages import SmallPages

NAMES = ("Ana", "Ion", "Vera", "Dan", "Olga", "Petru", "Irina", "Lena", "Nina", "Radu", "Sofia", "Igor")
MARIA, OURS = "cli_maria00000000001", "+37360000000"
BEGIN = datetime(2026, 8, 31, 8, 0, tzinfo=UTC)
S = MessageState
ANNA, DESK = access(Role.SPECIALIST, staff_id="stf_anna"), access(Role.RECEPTION)
FAILURES = 6


def anybody(booking: Booking) -> None:
    """Whoever asks may."""


class Autumn:
    def __init__(self, life: Life) -> None:
        self.life, self.world, self.store = life, life.world, life.store
        self.people: dict[str, str] = {"Maria": MARIA}
        self.clock: Any = life.world.clock
        self.owner = access()

    def live(self) -> None:
        self.set_up()
        self.register()
        self.september()
        self.sites()
        self.october()
        self.points_by_hand()
        self.merge()
        self.messages()

    # --- what they share

    def until(self, *day: int) -> None:
        """All that wakes until then."""
        self.life.run_until(datetime(2026, *day, 8, tzinfo=UTC), step=timedelta(minutes=20))

    def booked(self, name: str, at: datetime | None = None, **said: Any) -> Booking:
        starts_at = at or self.clock.now + timedelta(days=1, hours=2)
        return self.life.book(starts_at, client=self.people[name], **said)

    def visited(self, name: str, paid_minor: int = 50_000, **bill: int) -> Booking:
        """Booked for an hour ahead, and completed now."""
        booking = self.booked(name, self.clock.now + timedelta(hours=1))
        self.clock.forward(minutes=7)
        return self.life.complete(booking, paid_minor=paid_minor, **bill).booking

    def post(self, name: str, kind: str, points: int, by: Any = None, **said: Any) -> Any:
        asked = post_bonus.ByHand(kind=kind, points=points, reason=f"{kind} by hand", **said)
        return post_bonus.post_by_hand(self.world, by or self.owner, self.people[name], asked)

    def refund(self, booking: Booking, minor: int) -> None:
        id = f"refund {booking.id} {minor}"
        refund_visit.refund(self.world, NETWORK, booking.id, minor, "unhappy", anybody, "key:test", id)

    def walk(self, id: str) -> Walk:
        found: Walk = self.store.walk(NETWORK, id)
        return found

    def one_slice(self, walk: Walk, size: int = 1) -> Walk:
        """Of small pages, so that the walk is in the middle then."""
        small: Any = SmallPages(self.store, size)
        walk_on(replace(self.world, store=small), walk)
        return walk

    # --- one thing after another

    def set_up(self) -> None:
        network = a_network(created_at=BEGIN - timedelta(days=300))
        a_town(self.store, network=network)
        set_up.change_salon(self.world, self.owner, "sal_centru", {
            "latitude": 47_024_500, "longitude": 28_832_300, "booking_url": "https://book.example/centru",
        })  # fmt: skip
        said = {"timezone": "Europe/Chisinau", "identities": {"sms": OURS, "email": "hello@lotos.example"}}
        set_up.change_network(self.world, self.owner, said)
        make = manage_keys.make_key
        make(self.world, NETWORK, Role.OWNER, name="Owner")
        make(self.world, NETWORK, Role.RECEPTION, name="Desk", salon_ids=["sal_centru"])
        make(self.world, NETWORK, Role.SPECIALIST, name="Anna", staff_id="stf_anna")
        key, _ = make(self.world, NETWORK, Role.PARTNER, name="Blog", source="instagram")
        manage_keys.revoke_key(self.world, NETWORK, key.id)
        words = keep_templates.Words(message_words, text_to_begin_with, Links(b"0" * 32, BASE_URL))
        for kind, channel in ((TouchKind.NOTICE, "sms"), (TouchKind.REVIEW_REQUEST, "email")):
            text, subject = text_to_begin_with(kind, channel, "ru")
            place = keep_templates.Place(kind, channel, "ru")
            keep_templates.keep_template(self.world, words, self.owner, place, text=text, subject=subject)
        set_rules.set_rules(
            self.world, self.owner, 1, messages=MESSAGES, bonuses=BONUSES, overrides=OVERRIDES
        )
        self.until(9, 1)

    def register(self) -> None:
        """With all that may be known of them, but for those who are known by little."""
        code = refer_client.referral_code(self.world, self.life.client()).code
        pairs = [(c, p) for c in ("sms", "email") for p in ("marketing", "service")]
        granted = tuple((channel, purpose, True, "asked at the desk") for channel, purpose in pairs)
        for number, name in enumerate(NAMES):
            new = keep_client.NewClient(
                name=f"{name} Rusu",
                phone=f"0690001{number:02d}",
                email=f"{name.lower()}@example.com" if number % 3 else None,
                birth_date=date(1985 + number, 9 + number % 3, 3 + 2 * number),
                language=("ru", "ro", "en", None)[number % 4],
                timezone="Europe/Bucharest" if number == 3 else None,
                source=("instagram", "google", None)[number % 3],
                referral_code=code if number in (1, 4) else None,
                note="allergic to ammonia" if number == 2 else None,
                preferences="tea, no talk" if number == 2 else None,
                consents=granted if number % 4 else (),
            )
            self.people[name] = keep_client.register_client(self.world, self.owner, new, f"new {name}").id
            self.clock.forward(minutes=3)
        for token in ("phone-1", "phone-2"):
            registry, ana = RecordingRegistry(), self.people["Ana"]
            keep_devices.add_device(self.world, self.owner, registry, ana, "android", token)
        keep_passes.keep_on_device(self.world, NETWORK, self.people["Ana"], "device1", "push1")
        keep_passes.keep_on_device(self.world, NETWORK, MARIA, "device2", "push2")
        keep_passes.keep_at_google(self.world, NETWORK, MARIA)
        keep_consents.stop_messages(self.world, NETWORK, self.people["Vera"], marketing_only=True)

    def september(self) -> None:
        """Visits of regulars, a friend's first one, one that is refunded, one taken back, one given up."""
        for day in (3, 14, 22):
            self.until(9, day)
            for name in ("Maria", "Ana", "Ion", "Irina"):
                self.visited(name, 60_000, goods_minor=5_000, tip_minor=2_000)
        taken_back = self.visited("Vera", 80_000)
        self.life.reopen(taken_back)
        self.life.complete(taken_back, paid_minor=70_000)
        refunded = self.visited("Dan", 90_000)
        self.refund(refunded, 30_000)
        self.refund(refunded, 60_000)
        review_visit.review(self.world, NETWORK, refunded.id, 2, "The colour was not mine")
        missed = self.booked("Olga")
        self.clock.now = missed.starts_at + timedelta(hours=1)
        step_booking.mark_no_show(self.world, NETWORK, missed.id, anybody)
        given_up = self.booked("Petru", source="phone", note="by the window")
        step_booking.cancel(self.world, NETWORK, given_up.id, anybody, "has a cold")

    def sites(self) -> None:
        """Webhooks applied, ignored, waiting, in quarantine; a client who is not known yet."""
        connection = connect_site.connect_site(
            self.world, self.owner, {"standard": None}, site="standard", salon_id="sal_centru", secret=None,
            settings={"salon:1": "sal_centru"},
        )  # fmt: skip
        starts_at = self.clock.now + timedelta(days=3)
        hear = self.life.hear
        elena = SiteClient("c-2", "Elena", "069000777", "elena@example.com", "ro", date(1992, 2, 29))
        hear(connection, reported("e-1", 1, starts_at, client=elena))
        hear(connection, reported("e-1", 3, starts_at + timedelta(days=40)))
        hear(connection, reported("e-1", 2, starts_at + timedelta(days=1)))
        hear(connection, reported("e-2", 1, starts_at, client=SiteClient("c-9")))
        hear(connection, reported("e-4", 1, starts_at, client=elena))
        hear(connection, reported("e-4", 2, starts_at, client=elena, status=SiteStatus.CANCELLED))
        hear(connection, client_reported("c-2", 5, replace(elena, name="Elena Munteanu")))
        hear(connection, thin(reported("e-3", 1, None)))
        broken = self.life.told(connection, body=b"not json")
        del self.life.site.events[b"not json"]
        self.life.take_in(broken)
        self.people["Elena"] = str(self.store.alias(NETWORK, "phone", "+37369000777"))

    def october(self) -> None:
        """The second month of a streak; a coupon that a reward gave is used; bills are paid with points."""
        self.until(10, 5)
        for name in ("Maria", "Ana", "Ion", "Irina", "Elena"):
            self.visited(name, 60_000, redeem_points=10 if name != "Elena" else 0)
        for coupon in keep_coupons.open_coupons(self.world, NETWORK, MARIA)[:1]:
            self._redeem(coupon.id)
        percent = CouponTerms("10 % off goods", percent=10)
        fixed = CouponTerms("100 lei off a cut", amount_minor=10_000, service_id="srv_cut", valid_days=90)
        for name, terms in (("Ion", percent), ("Ana", fixed), ("Lena", percent), ("Nina", percent)):
            client = self.life.client(self.people[name])
            currency = "MDL" if terms.amount_minor else None
            said = {"currency": currency, "request_id": f"coupon {name}"}
            made = keep_coupons.issue_coupon(self.world, self.owner, client, terms, "for you", **said)
            if name == "Ion":
                self._redeem(made.id)
            if name == "Lena":
                keep_coupons.void_coupon(self.world, self.owner, made.id, "a mistake")
        self.until(10, 20)

    def _redeem(self, coupon_id: str) -> None:
        salon = self.world.directory(NETWORK).salons["sal_centru"]
        bill = keep_coupons.CouponBill(salon=salon, bill_minor=50_000, goods_minor=9_000)
        with suppress(Exception):
            keep_coupons.redeem_coupon(self.world, DESK, coupon_id, bill)

    def points_by_hand(self) -> None:
        for name in ("Maria", "Ana", "Vera", "Lena", "Petru", "Igor"):
            soon = (self.clock.now + timedelta(days=20)).date()
            self.post(name, "grant", 300, salon_id="sal_centru", expires_on=soon)
            self.post(name, "grant", 200)
        spent = self.post("Vera", "redeem", 350, salon_id="sal_york")
        undo_entry.reverse(self.world, self.owner, spent.id, "a mistake")
        self.post("Vera", "redeem", 400)
        self.post("Lena", "correction", -20)
        self.post("Lena", "compensation", 60, by=ANNA, complaint_id="complaint-1")
        owed = self.post("Petru", "grant", 100)
        self.post("Petru", "redeem", 580)
        undo_entry.reverse(self.world, self.owner, owed.id, "given twice")
        for number in range(12):
            self.post("Igor", "grant", 10 + number, expires_on=date(2027, 1, 10 + number))
        self.held_at_desk(20, lambda id: hold_points.release_hold(self.world, self.owner, id))
        redeem = hold_points.redeem_hold
        self.held_at_desk(25, lambda id: redeem(self.world, self.owner, id, 22, "sal_centru"))
        self.held_at_desk(15, lambda id: id)

    def held_at_desk(self, points: int, then: Callable[[str], Any]) -> None:
        igor, bill = self.life.client(self.people["Igor"]), Bill(paid_minor=90_000)
        held = hold_points.hold_at_desk(
            self.world, self.owner, igor, points, "sal_centru", bill, f"hold {points}"
        )
        then(held.id)

    def merge(self) -> None:
        """One pair is unmerged again. Another pair and a third client remain a chain, and visits of it are
        undone."""
        visits = {name: self.visited(name, 40_000) for name in ("Lena", "Nina", "Radu", "Sofia", "Igor")}
        self.booked("Radu", self.clock.now + timedelta(days=50))
        merge, apart = merge_clients.merge_clients, merge_clients.unmerge_clients
        ids = self.people
        merge(self.world, self.owner, ids["Nina"], ids["Lena"])
        self.visited("Lena", 30_000)
        apart(self.world, self.owner, ids["Nina"])
        merge(self.world, self.owner, ids["Radu"], ids["Sofia"])
        self.refund(visits["Radu"], 10_000)
        self.life.reopen(visits["Radu"])
        self.visited("Sofia", 30_000)
        self.refund(visits["Sofia"], 40_000)
        merge(self.world, self.owner, ids["Sofia"], ids["Igor"])
        self.clock.forward(hours=1)
        anew = {"phone": "069000888", "email": "p@example.com"}
        keep_client.change_client(self.world, self.owner, ids["Petru"], anew)

    def messages(self) -> None:
        """Sent, delivered, failed, unknown, skipped, put off; answers of clients; addresses that are dead."""
        sender = self.life.sender
        delivered = Outcome(S.SENT, provider_id="provider-d")
        sender.answers = [delivered, Outcome(S.FAILED, reason="invalid", bad_address=True)]
        sender.answers += [Outcome(S.UNKNOWN, reason="timed_out"), Outcome(S.FAILED, reason="refused")]
        sender.answers += [Outcome(S.FAILED, reason="throttled", throttled=True)]
        for name in ("Ana", "Ion", "Irina", "Vera"):
            self.booked(name, self.clock.now + timedelta(days=4))
            self.life.drain()
        for message in self.life.log(self.people["Ana"])[-1:]:
            self.receipt(message, S.DELIVERED, parts=2, cost_micros=98_820)
        self.until(10, 24)
        for id, text in (("in-1", "да"), ("in-2", "а можно с мужем?"), ("in-3", "СТОП")):
            phone = self.life.client(self.people["Irina"]).phone
            reply = Reply(channel="sms", to=OURS, sender=str(phone), text=text, id=id, at=self.clock.now)
            take_reply.take_reply(self.world, reply)
        said = {"channel": "whatsapp", "to": OURS, "id": "in-4", "text": "Здравствуйте"}
        take_reply.take_reply(self.world, Reply(sender="+37369123456", at=self.clock.now, **said))
        tasks = self.store.tasks(NETWORK).items
        keep_tasks.finish_task(self.world, self.owner, tasks[0].id)
        for booking in self.life.bookings():
            client_id = str(booking.client_id)
            if booking.is_upcoming and client_id == self.people["Vera"]:
                step_booking.ask_to_move(self.world, NETWORK, booking.id, "an hour later")
        self.until(10, 31)

    def receipt(self, message: Any, state: S, **said: Any) -> None:
        told = Receipt(
            network_id=NETWORK, client_id=message.client_id, message_id=message.id, state=state,
            at=self.clock.now + timedelta(seconds=9), **said,
        )  # fmt: skip
        take_receipt.take_receipt(self.world, told)
