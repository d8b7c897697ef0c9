"""The whole life of one visit of a new client, step by step, with what each step costs."""

import base64
import hashlib
import hmac
import json
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from bench.meter import Meter, Spent
from bench.salon import Salon
from chalicelib.domain.bookings import Booking
from chalicelib.domain.ledger import faults
from chalicelib.domain.links import LinkPurpose
from chalicelib.domain.touches import TouchKind
from chalicelib.services.complete_visit import Bill, complete
from chalicelib.services.keep_client import set_consent
from chalicelib.services.make_links import Links
from chalicelib.services.receive_webhook import receive
from chalicelib.services.review_visit import review
from chalicelib.services.step_booking import confirm

ACTOR = "key:reception"


@dataclass(frozen=True)
class Step:
    """floor: write units that any design must spend, and what for. by: the function whose work it is;
    http: requests by API Gateway."""

    name: str
    floor: int
    what: str
    function: str
    http: int = 0


STEPS = (
    Step("webhook received", 1, "the body, durable", "api", 1),
    Step("webhook taken in", 9, "booking (item, due, client's, salon's), client (item, list), phone, site's id, inbox",
         "intake"),
    Step("notice", 6, "link, log line (item, salon's), booking (item, pointer moved)", "wake"),
    Step("confirm request", 5, "log line (item, salon's), booking (item, pointer moved)", "wake"),
    Step("tap: confirmed", 2, "booking (item, salon's)", "api", 2),
    Step("control reminder", 4, "log line (item, salon's), booking (item, pointer removed)", "wake"),
    Step("consent taken down", 1, "client", "api", 1),
    Step("completed, cashback", 7, "booking (item, salon's, due), client (item, due), account, entry", "api", 1),
    Step("review request, bonus notice", 4, "log line (item, salon's), booking (item, pointer removed)", "wake"),
    Step("review", 1, "booking", "api", 2),
    Step("repeat invitation", 5, "link, log line (item, salon's), client (item, pointer removed)", "wake"),
)


class Visit:
    """One client, one booking. `live` runs all steps in order, each at its own hour, when the rules that a
    process had kept are too old: every step but an immediate one reads them anew."""

    def __init__(self, salon: Salon, site: str) -> None:
        self.salon, self.site = salon, site
        self.starts_at = salon.clock.now + timedelta(days=2)
        self._links = salon.links

    def live(self) -> None:
        salon, start = self.salon, self.starts_at
        with self._step("webhook received"):
            receipt = self._webhook()
            assert receipt == "accepted", receipt
        with self._step("webhook taken in"):
            assert salon.run_intake() == 1
        with self._step("notice"):
            assert salon.run_wake() == 1
            self._sent(TouchKind.NOTICE)
        self._wakes("confirm request", start - timedelta(hours=24) + timedelta(seconds=20))
        with self._step("tap: confirmed"):
            salon.clock.forward(minutes=20)
            self._tap()
        self._wakes("control reminder", start - timedelta(minutes=59))
        salon.at(start + timedelta(minutes=70))
        with self._step("consent taken down"):
            set_consent(salon.world, salon.network_id, self._booking().client_id or "", channel="sms",
                        purpose="marketing", granted=True, how="at the desk", actor=ACTOR)
        with self._step("completed, cashback"):
            self._complete()
        self._wakes("review request, bonus notice", salon.clock.now + timedelta(minutes=121))
        with self._step("review"):
            salon.clock.forward(minutes=20)
            self._review()
        client = salon.table.client(salon.network_id, self._booking().client_id or "")
        assert client is not None
        assert client.wake is not None
        self._wakes("repeat invitation", client.wake.at + timedelta(seconds=20))
        self._check()

    # --- steps

    def _step(self, name: str) -> Any:
        return self.salon.meter.step(name)

    def _wakes(self, name: str, at: datetime) -> None:
        """A minute's sweep finds the item, and a worker sends what is due. The sweep is paid by the minute."""
        self.salon.at(at)
        with self.salon.meter.step("sweep"):
            assert len(self.salon.run_sweep()) == 1
        with self._step(name):
            assert self.salon.run_wake() == 1

    def _webhook(self) -> str:
        raw, headers = _DELIVERIES[self.site](self.starts_at, self.salon.clock.now)
        token = self.salon.connections[self.site].token
        return receive(self.salon.receiving, self.site, token, raw, headers).status

    def _tap(self) -> None:
        """The client opens the page, then confirms."""
        salon = self.salon
        for opened_for in ("look", "confirm"):
            booking = self._opened(LinkPurpose.BOOKING)
            if opened_for == "look":
                salon.table.booking(salon.network_id, booking)
                continue
            confirm(salon.world, salon.network_id, booking, lambda booking: None)

    def _opened(self, purpose: LinkPurpose) -> str:
        """The booking that the last message's link leads to."""
        links: Links = self.salon.links
        with self.salon.meter.step("aside"):
            booking = self._booking()
        link = links.link(booking.network_id, str(booking.client_id), booking.id, booking.starts_at)
        token = links.token(link, purpose)
        opened = links.opened(self.salon.table, token, purpose, self.salon.clock.now)
        return str(opened.booking_id)

    def _complete(self) -> None:
        salon = self.salon
        done = complete(salon.world, salon.network_id, self._aside().id, Bill(paid_minor=50_000), lambda b: None, ACTOR)
        assert [entry.points for entry in done.entries] == [25]

    def _review(self) -> None:
        booking = self._opened(LinkPurpose.REVIEW)
        self.salon.table.booking(self.salon.network_id, booking)
        booking = self._opened(LinkPurpose.REVIEW)
        review(self.salon.world, self.salon.network_id, booking, 5, "Спасибо Анне, всё понравилось!")

    # --- looking on, at nobody's cost

    def _aside(self) -> Booking:
        with self.salon.meter.step("aside"):
            return self._booking()

    def _booking(self) -> Booking:
        with self.salon.meter.step("aside"):
            found = self.salon.table.bookings_of_salon(
                self.salon.network_id, "sal_centru", since=self.starts_at, until=self.starts_at + timedelta(minutes=1)
            )
        (booking,) = found.items
        return booking

    def _sent(self, *kinds: TouchKind) -> None:
        assert set(kinds) <= set(self._booking().touches)

    def _check(self) -> None:
        """All six kinds went out in five messages, and the ledger is right."""
        salon, booking = self.salon, self._booking()
        assert len(salon.sender.sent) == 5, [outgoing.text for outgoing in salon.sender.sent]
        with salon.meter.step("aside"):
            log = salon.table.messages_of_client(salon.network_id, str(booking.client_id)).items
            account = salon.table.account(salon.network_id, str(booking.client_id))
            entries = salon.table.entries(salon.network_id, str(booking.client_id))
        assert {message.kind for message in log} == set(TouchKind)
        assert {message.state.value for message in log} == {"sent"}
        assert faults(account, entries) == []


# --- what the sites send


def _standard(starts_at: datetime, now: datetime) -> tuple[bytes, dict[str, str]]:
    body = {
        "type": "booking.upserted",
        "timestamp": _instant(now),
        "data": {
            "external_id": "48213377",
            "status": "booked",
            "starts_at": _instant(starts_at),
            "client": {"external_id": "7730211", "name": "Мария Александровна Петрова", "phone": "+37369123456"},
            "lines": [{"service": "Haircut", "staff": "Anna", "minutes": 60,
                       "price": {"amount_minor": 50_000, "currency": "MDL"}}],
        },
    }
    raw = json.dumps(body, ensure_ascii=False).encode()
    key = base64.b64decode("MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
    stamp = str(int(now.timestamp()))
    signed = f"msg_2b8Qk.{stamp}.".encode() + raw
    signature = base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest()).decode()
    return raw, {"webhook-id": "msg_2b8Qk", "webhook-timestamp": stamp, "webhook-signature": f"v1,{signature}"}


def _yclients(starts_at: datetime, now: datetime) -> tuple[bytes, dict[str, str]]:
    """With the fields that this site sends about any booking, most of which are of no use to us."""
    local = starts_at.astimezone(ZoneInfo("Europe/Chisinau"))
    body = {
        "company_id": 4564, "resource": "record", "resource_id": 48213377, "status": "create",
        "data": {
            "id": 48213377, "company_id": 4564, "staff_id": 9, "clients_count": 1,
            "services": [{"id": 1, "title": "Haircut", "cost": 500, "cost_to_pay": 500, "manual_cost": 500,
                          "cost_per_unit": 500, "discount": 0, "first_cost": 500, "amount": 1}],
            "goods_transactions": [], "comer": None, "comment": "", "online": True,
            "staff": {"id": 9, "api_id": None, "name": "Anna", "specialization": "stylist", "rating": 5,
                      "position": {"id": 1, "title": "Stylist"}, "avatar": "https://site.example/a.png",
                      "avatar_big": "https://site.example/b.png", "votes_count": 0},
            "client": {"id": 7730211, "name": "Мария Александровна", "surname": "Петрова", "patronymic": "",
                       "display_name": "Мария Александровна Петрова", "comment": "", "phone": "37369123456",
                       "card": "", "email": "", "success_visits_count": 0, "fail_visits_count": 0, "discount": 0,
                       "sex": 2, "birthday": "", "client_tags": [], "custom_fields": []},
            "date": local.strftime("%Y-%m-%d %H:%M:%S"), "datetime": local.isoformat(),
            "create_date": now.isoformat(), "last_change_date": now.isoformat(), "seance_length": 3600,
            "length": 3600, "attendance": 0, "visit_attendance": 0, "confirmed": 1, "sms_before": 0, "sms_now": 0,
            "email_now": 0, "notified": 0, "master_request": 0, "api_id": "", "from_url": "", "review_requested": 0,
            "visit_id": 51500212, "created_user_id": 0, "deleted": False, "paid_full": 0, "payment_status": 0,
            "prepaid": False, "prepaid_confirmed": False, "is_update_blocked": False, "activity_id": 0,
            "bookform_id": 0, "record_from": "", "is_mobile": 0, "short_link": "https://site.example/s/x1",
            "custom_fields": [], "documents": [{"id": 5, "type_id": 7, "storage_id": 0, "user_id": 0,
                                                "company_id": 4564, "number": 5, "comment": ""}],
        },
    }  # fmt: skip
    return json.dumps(body, ensure_ascii=False).encode(), {}


_DELIVERIES = {"standard": _standard, "yclients": _yclients}


def _instant(at: datetime) -> str:
    return at.isoformat().replace("+00:00", "Z")


# --- what it came to


def lived(salon: Salon, site: str) -> Meter:
    Visit(salon, site).live()
    return salon.meter


def totals(meter: Meter) -> Spent:
    """The sum over the steps of a visit."""
    found = Spent()
    for step in STEPS:
        spent = meter.steps[step.name]
        found.write += spent.write
        found.read += spent.read
        found.reported_write += spent.reported_write
        found.reported_read += spent.reported_read
        found.calls += spent.calls
    return found
