"""What people do at the salons' desks during the demo, over HTTP with their own keys."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from infra.demo.day.story import CHISINAU, FIRST_FREE, MOSCOW
from infra.demo.http import Caller, Http
from infra.demo.year.client_history import booking_id
from infra.demo.year.data import phone
from infra.demo.year.stages import staged
from infra.layers import Progress

BY_PHONE = (
    ("Стела Русу", CHISINAU, 20, "ru", 0, 26, ("Manicure", "Pedicure")),
    ("Mihai Lungu", CHISINAU, 21, "ro", 0, 49, ("Men's haircut",)),
    ("Зоя Макарова", MOSCOW, 20, "ru", 1, 52, ("Back massage",)),
)
"""Name, where, number among the guests' phones, language, salon, hours ahead, services."""

OPTS_OUT = BY_PHONE[1]
"""Who will have had enough of messages."""


class Desk:
    """demo: as in demo.json. anchor: the demo's present hour, from which all that is asked follows."""

    def __init__(self, http: Http, demo: Mapping[str, Any], anchor: datetime) -> None:
        self._demo, self._anchor = demo, anchor
        self.reception = Caller(http, demo["keys"]["reception"])
        self.partner = Caller(http, demo["keys"]["partner"])

    def day(self, progress: Progress) -> None:
        """Appointments by phone and from a partner, visits completed, an apology in points, a visit taken
        back. Asked again, it changes nothing."""
        made = [*self._booked_by_phone(), self._booked_by_partner()]
        progress(f"{len(made)} appointments made")
        completed = self._completed()
        earned = sum(visit["bonus"]["earned"] for visit in completed)
        redeemed = sum(visit["bonus"]["redeemed"] for visit in completed)
        progress(f"{len(completed)} visits completed: {earned} points earned, {redeemed} redeemed")
        self._amended(completed)
        progress("one visit taken back and completed anew, one client given 50 points by way of apology")

    def _booked_by_phone(self) -> list[Any]:
        return [self._book(self.reception, *person) for person in BY_PHONE]

    def appointment_of_who_opts_out(self) -> Any:
        """As it was made."""
        return self._book(self.reception, *OPTS_OUT)

    def moved_a_day(self, booking: Mapping[str, Any]) -> Any:
        """Which the client would be told of."""
        starts_at = datetime.fromisoformat(booking["starts_at"]) + timedelta(days=1)
        return self.reception.patch(f"/v1/bookings/{booking['id']}", {"starts_at": starts_at.isoformat()})

    def _booked_by_partner(self) -> Any:
        person = ("Alina Negru", CHISINAU, 22, "ro", 0, 75, ("Facial cleansing",))
        return self._book(self.partner, *person)

    def _book(self, who: Caller, name: str, zone: str, number: int, language: str, salon: int, hours: int,
              services: tuple[str, ...]) -> Any:  # fmt: skip
        starts_at = (self._anchor + timedelta(hours=hours)).replace(minute=30, second=0, microsecond=0)
        staff = self._demo["staff"][salon * 4]["id"]
        ids = {service["name"]: service["id"] for service in self._demo["services"]}
        body = {
            "salon_id": self._demo["salons"][salon]["id"], "starts_at": starts_at.isoformat(),
            "client": {"name": name, "phone": phone(zone, FIRST_FREE[zone] + number), "language": language},
            "lines": [{"service_id": ids[service], "staff_id": staff} for service in services],
            "source": "phone",
        }  # fmt: skip
        return who.post("/v1/bookings", body, f"desk-{number}-{salon}")

    def _completed(self) -> list[Any]:
        """Whoever was in the chair: paid, with as many points as may be, and a tip now and then."""
        clients = staged(self._demo["network_id"], "in_the_chair")
        visits = [self.reception.get(f"/v1/bookings/{booking_id(client, 1)}") for client in clients]
        return [self._complete(visit, tip=number % 2 == 0) for number, visit in enumerate(visits)]

    def _complete(self, booking: Mapping[str, Any], *, tip: bool) -> Any:
        total = booking["total"]
        quote = self.reception.post(
            f"/v1/clients/{booking['client_id']}/bonus/quote", {"bill": total}, f"quote-{booking['id']}"
        )
        bill = {"paid": total, "redeem_points": quote["points"]}
        if tip:
            bill["tip"] = {**total, "amount_minor": total["amount_minor"] // 1000 * 100}
        return self.reception.post(f"/v1/bookings/{booking['id']}/complete", bill, f"visit-{booking['id']}")

    def _amended(self, completed: list[Any]) -> None:
        visit, sorry = completed[0], completed[-1]
        visit_id = visit["id"]
        self.reception.post(f"/v1/bookings/{visit_id}/reopen", {}, f"reopen-{visit_id}")
        self.reception.post(f"/v1/bookings/{visit_id}/complete", {"paid": visit["paid"]}, f"again-{visit_id}")
        given = {"kind": "compensation", "points": 50, "reason": "waited for half an hour"}
        self.reception.post(f"/v1/clients/{sorry['client_id']}/bonus/entries", given, f"sorry-{sorry['id']}")
