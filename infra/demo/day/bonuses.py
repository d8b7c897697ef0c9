"""What a salon does with points, over HTTP with its people's own keys: holds, refunds, a friend, a coupon, an
apology, two clients who are one. And what the office asks: a promotion, a simulation, the audit, the
clearing."""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any
from urllib.parse import quote

from chalicelib.domain.shared.currencies import in_minor
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.domain.shared.months import month_name
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.shared.links import Links
from chalicelib.store.table import Table
from infra.demo.day.story import CHISINAU, FIRST_FREE
from infra.demo.http import Caller, Http, Refused
from infra.demo.year.client_history import booking_id
from infra.demo.year.data import phone
from infra.demo.year.stages import staged
from infra.layers import Progress

PROMOTION = "A week of double points"
PROPOSED: Mapping[str, Any] = {
    "tiers": [
        {"name": "Silver", "at_least": 0, "below": 6, "percent": 3},
        {"name": "Gold", "at_least": 6, "below": 12, "percent": 7},
        {"name": "Diamond", "at_least": 12, "below": None, "percent": 12},
    ],
    "redeem_cap_percent": 50,
    "expiry": {"model": "month_end", "after": 6},
}
"""Less for each visit, more of it at once, and not for so long."""
VISITS_BEFORE = 3
"""Of those who come often, before today's."""
NEWCOMERS = (("Олеся Гончар", 40, "ru"), ("Irina Melnic", 41, "ro"), ("Irina Melnik", 42, "ro"))
"""A friend of a client; somebody who was registered twice. Their numbers are among the guests' phones."""


def months_to_clear(anchor: datetime) -> list[str]:
    """The last one and the present one, in the network's zone."""
    first = local_date(anchor, CHISINAU).replace(day=1)
    return [month_name(day) for day in (first - timedelta(days=1), first)]


@dataclass
class PointsDesk:
    """demo: as in demo.json. anchor: the demo's present hour. All of it may be done again: nothing doubles.
    What came of it is told in words: who or what, and how it went."""

    http: Http
    demo: Mapping[str, Any]
    anchor: datetime
    table: Table
    links: Links
    progress: Progress
    _lines: list[list[str]] = field(default_factory=list)

    def __post_init__(self) -> None:
        keys = self.demo["keys"]
        self.owner, self.reception = Caller(self.http, keys["owner"]), Caller(self.http, keys["reception"])
        self.specialist = Caller(self.http, keys["specialist"])
        self.network_id = str(self.demo["network_id"])
        self.regular, self.other = staged(self.network_id, "comes_often")

    def day(self, reported: dict[str, list[list[str]]]) -> Iterator[dict[str, list[list[str]]]]:
        """Does what is not in `reported` yet, a chapter after another, and gives what is told after each."""
        chapters = (
            self._visit_paid_from_a_hold, self._cancelled_with_a_hold, self._friend, self._coupon,
            self._spent_elsewhere, self._apology, self._taken_back, self._merged, self._card,
        )  # fmt: skip
        for chapter in chapters:
            name = chapter.__name__
            if name not in reported:
                self._lines = []
                chapter()
                reported = {**reported, name: self._lines}
                yield reported

    def _note(self, title: str, words: str) -> None:
        self._lines.append([title, words])
        self.progress(f"{title}: {words}")

    # --- points set aside, spent, and given back

    def _visit_paid_from_a_hold(self) -> None:
        visit_id = booking_id(self.regular, VISITS_BEFORE)
        booking = self.reception.get(f"/v1/bookings/{visit_id}")
        bill, client = booking["total"], f"/v1/clients/{self.regular}/bonus"
        asked = {"bill": bill, "booking_id": visit_id}
        most = self.reception.post(f"{client}/quote", asked, f"hold-quote-{visit_id}")
        points = most["points"]
        self.reception.post(f"{client}/holds", {"points": points, "booking_id": visit_id}, f"hold-{visit_id}")
        colleague = Caller(self.http, self._colleague())
        more = {"points": points - 1, "booking_id": visit_id}
        refusal = refused(lambda: colleague.post(f"{client}/holds", more, f"hold-again-{visit_id}"))
        self._note("hold", f"{points} points set aside for a visit of {money(bill)}; "
                           f"a second receptionist gets {refusal}")  # fmt: skip
        body = {"paid": bill, "redeem_points": points}
        answer = self.reception.post(f"/v1/bookings/{visit_id}/complete", body, f"hold-visit-{visit_id}")
        done = answer["bonus"]
        self._note("visit", f"the hold pays {done['redeemed']}, {done['earned']} earned (double points), "
                            f"{len(done['coupon_ids'])} coupon for coming often")  # fmt: skip
        self._refunded(visit_id, bill)

    def _refunded(self, visit_id: str, bill: Mapping[str, Any]) -> None:
        part = bill["amount_minor"] * 2 // 5 // 100 * 100
        for name, amount in (("part", part), ("rest", bill["amount_minor"] - part)):
            given = {**bill, "amount_minor": amount}
            body = {"amount": given, "reason": "not as it was wished"}
            done = self.reception.post(f"/v1/bookings/{visit_id}/refund", body, f"refund-{name}-{visit_id}")
            bonus = done["bonus"]
            self._note(f"refund, {name}", f"of {money(given)}: {money(done['money'])} in money, "
                       f"{bonus['points_back']} points back, {bonus['points_taken']} taken")  # fmt: skip

    def _colleague(self) -> str:
        body = {
            "role": "reception", "name": "second receptionist", "salon_ids": [self.demo["salons"][0]["id"]]
        }  # fmt: skip
        return str(self.owner.post("/v1/keys", body, "key-colleague")["secret"])

    def _cancelled_with_a_hold(self) -> None:
        booking = self._booked(self.regular, days=6, once="to-be-cancelled")
        path, booking_id = f"/v1/clients/{self.regular}/bonus", booking["id"]
        set_aside = {"points": 40, "booking_id": booking_id}
        held = self.reception.post(f"{path}/holds", set_aside, f"hold-{booking_id}")["held"]
        link = self.links.link(self.network_id, self.regular, booking_id, self.anchor)
        link = self.links.keep(self.table, link, self.anchor, sure=None)
        page = self.http.ask("GET", self.links.url(link, LinkPurpose.BOOKING))
        shown = re.search(r"[^<>]*\b40\b[^<>]*", page)
        words = shown.group().strip() if shown else "NOTHING OF IT"
        self._note("the client's page", f"of another visit with {held} points set aside: {words}")
        body = {"reason": "the client called"}
        self.reception.post(f"/v1/bookings/{booking_id}/cancel", body, f"cancel-{booking_id}")
        left = self.reception.get(path)["held"]
        self._note("cancelled", f"{held} points set aside before, {left} after")

    def _booked(self, client_id: str, days: int, once: str) -> Any:
        ids = {service["name"]: service["id"] for service in self.demo["services"]}
        starts_at = (self.anchor + timedelta(days=days)).replace(minute=0, second=0, microsecond=0)
        body = {
            "salon_id": self.demo["salons"][0]["id"], "client_id": client_id, "source": "phone",
            "starts_at": starts_at.isoformat(),
            "lines": [{"service_id": ids["Facial cleansing"], "staff_id": self.demo["staff"][0]["id"]}],
        }  # fmt: skip
        return self.reception.post("/v1/bookings", body, once)

    # --- what is given

    def _friend(self) -> None:
        code, friend = self._referred()
        booking = self._booked(friend, days=0, once="friend-comes")  # a walk-in
        body = {"paid": booking["total"]}
        self.reception.post(f"/v1/bookings/{booking['id']}/complete", body, "friend-pays")
        gifts = {each_id: self._points_of(each_id, "referral") for each_id in (self.regular, friend)}
        self._note("referral", f"a friend comes with the code {code} and pays: "
                   f"{gifts[friend]} points to her, {gifts[self.regular]} to who sent her")  # fmt: skip

    def _referred(self) -> tuple[str, str]:
        """The code of a client who comes often, and the friend whom they sent."""
        code = str(self.reception.get(f"/v1/clients/{self.regular}/referral")["code"])
        return code, self._registered(*NEWCOMERS[0], referral_code=code)

    def _registered(self, name: str, number: int, language: str, **more: Any) -> str:
        to = phone(CHISINAU, FIRST_FREE[CHISINAU] + number)
        body = {"name": name, "phone": to, "language": language, **more}
        return str(self.reception.post("/v1/clients", body, f"client-{number}")["id"])

    def _points_of(self, client_id: str, kind: str) -> int:
        found = self.reception.get(f"/v1/clients/{client_id}/bonus/entries")["items"]
        return sum(each["points"] for each in found if each["kind"] == kind)

    def _coupon(self) -> None:
        visit_id = booking_id(self.other, VISITS_BEFORE)
        bill = self.reception.get(f"/v1/bookings/{visit_id}")["total"]
        done = self.reception.post(f"/v1/bookings/{visit_id}/complete", {"paid": bill}, f"often-{visit_id}")
        streak = self._points_of(self.other, "streak")
        coupon = self.reception.get(f"/v1/clients/{self.other}/coupons?state=all")["items"][0]
        goods = {**bill, "amount_minor": 400_00}
        body = {"salon_id": done["salon_id"], "bill": goods, "goods": goods}
        path = f"/v1/coupons/{coupon['id']}/redeem"
        taken = self.reception.post(path, body, f"coupon-{coupon['id']}")
        again = {**body, "bill": bill, "goods": {**bill, "amount_minor": 100_00}}
        refusal = refused(lambda: self.reception.post(path, again, f"coupon-again-{coupon['id']}"))
        self._note("coming often", f"{streak} points for three months running; \"{coupon['name']}\" takes "
                   f"{money(taken['discount'])} off {money(goods)}; again it gets {refusal}")  # fmt: skip

    def _spent_elsewhere(self) -> None:
        """At the desk of another salon, without a booking."""
        here, there = self.demo["salons"][:2]
        bill = {"amount_minor": 2000_00, "currency": "RUB"}
        body = {"points": 100, "salon_id": there["id"], "bill": bill}
        path = f"/v1/clients/{self.other}/bonus/holds"
        hold = self.reception.post(path, body, "elsewhere-hold")
        body = {"points": 100, "salon_id": there["id"]}
        spent = self.reception.post(f"/v1/bonus/holds/{hold['id']}/redeem", body, "elsewhere-redeem")
        self._note("in another salon", f"{-spent['points']} points of {here['name']} pay for a part of "
                   f"{money(bill)} at {there['name']}")  # fmt: skip

    def _apology(self) -> None:
        _, friend = self._referred()
        path = f"/v1/clients/{friend}/bonus/entries"
        body = {"kind": "compensation", "points": 80, "reason": "waited for twenty minutes"}
        given = self.specialist.post(path, body, "apology")
        more = {**body, "points": 150}
        refusal = refused(lambda: self.specialist.post(path, more, "apology-too-big"))
        self._note("compensation", f"{given['points']} points by a specialist; 150 gets {refusal}")

    def _taken_back(self) -> None:
        """What the owner gave by hand, and thinks better of."""
        _, friend = self._referred()
        path, why = f"/v1/clients/{friend}", {"reason": "meant for somebody else"}
        body = {"kind": "grant", "points": 25, "reason": "gift for a season"}
        entry = self.owner.post(f"{path}/bonus/entries", body, "by-hand")
        undone = self.owner.post(f"/v1/bonus/entries/{entry['id']}/reverse", why, "by-hand-undone")
        of = {"name": "20 % off goods", "percent": 20, "reason": "gift for a season"}
        coupon = self.owner.post(f"{path}/coupons", of, "coupon-by-hand")
        void = self.owner.post(f"/v1/coupons/{coupon['id']}/void", why, "coupon-void")
        self._note("by hand", f"{entry['points']} points given and reversed: {undone['points']}; "
                              f"a coupon given: {coupon['state']}, then {void['state']}")  # fmt: skip

    def _merged(self) -> None:
        stays, goes = (self._registered(*each) for each in NEWCOMERS[1:])
        for each_id, points in ((stays, 60), (goes, 90)):
            body = {"kind": "grant", "points": points, "reason": "gift for a season"}
            self.owner.post(f"/v1/clients/{each_id}/bonus/entries", body, f"gift-{each_id}")
        moved = self.owner.post(f"/v1/clients/{goes}/merge", {"into": stays}, f"merge-{goes}")["entries"]
        one = max(entry["balance_after"] for entry in moved)
        self.owner.post(f"/v1/clients/{goes}/unmerge", {}, f"unmerge-{goes}")
        both = [self.owner.get(f"/v1/clients/{each_id}/bonus")["balance"] for each_id in (stays, goes)]
        self._note("merge", f"60 and 90 points of two who are one: {one}; undone: {both[0]} and {both[1]}")

    def _card(self) -> None:
        body = self.reception.get(f"/v1/clients/{self.other}/bonus/pass")
        kinds = [kind for kind in ("apple", "google") if body[kind]["preview"]]
        self._note("card", f"code {body['code']}; unsigned previews of passes: {', '.join(kinds)}")


def card_url(reception: Caller, network_id: str) -> str:
    """The page of a client who comes often."""
    client_id = staged(network_id, "comes_often")[1]
    return str(reception.get(f"/v1/clients/{client_id}/bonus/pass")["card_url"])


def served_with_points(reception: Caller, network_id: str) -> list[str]:
    """The ids of all clients of the chapter."""
    phones = [phone(CHISINAU, FIRST_FREE[CHISINAU] + number) for _, number, _ in NEWCOMERS]
    found = [each for to in phones for each in reception.get(f"/v1/clients?phone={quote(to)}")["items"]]
    ids = {each["id"] for each in found}
    return [*staged(network_id, "comes_often"), *staged(network_id, "expired"), *sorted(ids)]


@dataclass(frozen=True)
class Plans:
    """What the office asks of the programme. Asked again: the same that stands."""

    owner: Caller
    anchor: datetime

    def promotion(self, today: date) -> Any:
        """Double points for a week."""
        found = self.owner.get("/v1/promotions")["items"]
        if found:
            return found[0]
        body = {
            "name": PROMOTION, "starts_on": today.isoformat(), "multiplier_percent": 200,
            "ends_on": (today + timedelta(days=6)).isoformat(), "client_cap_points": 500,
        }  # fmt: skip
        return self.owner.post("/v1/promotions", body, "promotion")

    def begin_walks(self) -> None:
        """A programme tried on the past, the ledger recomputed, last month cleared."""
        self.owner.post("/v1/programme/simulate", {"bonuses": PROPOSED}, "simulation")
        self.owner.post("/v1/bonus/audit", {}, "audit")
        self.begin_clearing(months_to_clear(self.anchor)[0])

    def begin_clearing(self, month: str) -> None:
        """Without what was posted within the last minute."""
        self.owner.post("/v1/reports/bonus/clearing", {"month": month}, f"clearing-{month}")


def refused(ask: Callable[[], Any]) -> str:
    """The code of the refusal that is due."""
    try:
        ask()
    except Refused as refusal:
        return refusal.code
    return "NO REFUSAL"


def money(amount: Mapping[str, Any], decimals: int = 0) -> str:
    return f"{amount['amount_minor'] / in_minor(1, amount['currency']):,.{decimals}f} {amount['currency']}"
