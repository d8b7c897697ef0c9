"""Who said what, and who is who: five things that booking sites do to every salon, and how they end."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.shared.ids import derived
from infra.demo.day.replay import Hooks
from infra.demo.day.sites import (
    Guest,
    Webhook,
    signed,
    square_booking,
    square_customer,
    standard_booking,
    yclients_record,
)
from infra.demo.day.story import CHISINAU, NEW_YORK, Stories, guest
from infra.demo.http import Caller, Refused
from infra.layers import Progress

LOOKS, LOOK_EVERY_SECONDS = 60, 0.5
HOURS_AGO = timedelta(hours=2)


def _pause() -> None:
    time.sleep(LOOK_EVERY_SECONDS)


@dataclass
class WhoIsWho:
    """demo: as in demo.json. pause: waits for the deployed functions. delivered: how many webhooks were sent.
    Asked again, it changes nothing."""

    owner: Caller
    hooks: Hooks
    demo: Mapping[str, Any]
    anchor: datetime
    progress: Progress
    pause: Callable[[], None] = _pause
    delivered: int = 0

    def shown(self) -> None:
        self._completed_at_the_desk()
        self._paid_after_arrival()
        self._family()
        self._two_olgas()
        self._rotated()

    def _completed_at_the_desk(self) -> None:
        """Square has no word for a visit that took place: whatever it says later says that it is booked."""
        una, past = guest(NEW_YORK, 30, "Una Carter"), self._past()
        self._deliver(
            square_customer(una, self._at(100)), square_booking("SQ230", 0, past, self._at(101), una.id)
        )
        booking = self._booking("square", "SQ230", lambda found: bool(found["client_id"]))
        bill = {"paid": {"amount_minor": 90_00, "currency": "USD"}}
        earned = self.owner.post(f"/v1/bookings/{booking['id']}/complete", bill, "who-una")["bonus"]["earned"]
        self._deliver(
            square_booking("SQ230", 1, past, self._at(110), una.id, note="allergic"),
            square_booking("SQ230", 2, past, self._at(120), una.id, note="allergic; sits by a window"),
        )
        after = self._booking("square", "SQ230", lambda found: "by a window" in (found["note"] or ""))
        self.progress(
            f"a desk's word  completed at the desk, {earned} points; the site adds a note, twice: "
            f"{after['status']}, {after['earned_points']} points, note: {after['note']}"
        )

    def _paid_after_arrival(self) -> None:
        """YCLIENTS tells that she came; an hour later, what she paid, less than the list says."""
        tanya, past = guest(CHISINAU, 31, "Таня Русу"), self._past()

        def record(second: int, **fields: Any) -> Webhook:
            return yclients_record(130, past, CHISINAU, self._at(second), tanya, **fields)

        self._deliver(record(100), record(101, status="update", attendance=1))
        came = self._booking("yclients", "130", lambda found: found["status"] == "completed")
        cheaper = (31, "Women's haircut", 60, 300)
        self._deliver(record(110, status="update", attendance=1, paid=True, service=cheaper))
        paid = self._booking("yclients", "130", lambda found: _minor(found["paid"]) == 300_00)
        self.progress(
            f"came, then paid  {came['status']}, {came['earned_points']} points for arriving; "
            f"paid {_minor(paid['paid']) // 100} of {_minor(came['total']) // 100} MDL: "
            f"{paid['earned_points']} points"
        )

    def _family(self) -> None:
        """A mother and her son are two customers of Square with one phone."""
        mother = guest(NEW_YORK, 32, "Mary Hill")
        son = Guest("guest-33", "Tim Hill", mother.phone, "tim.hill@example.org")
        first, second = self._stories().at(4, 15), self._stories().at(4, 16)
        for version in (0, 1):  # each is edited once, the son last
            self._deliver(
                square_customer(mother, self._at(100 + version), version),
                square_customer(son, self._at(105 + version), version),
            )
        self._deliver(
            square_booking("SQ232", 0, first, self._at(110), mother.id),
            square_booking("SQ233", 0, second, self._at(111), son.id),
        )
        names = [self._client_of("square", booking) for booking in ("SQ232", "SQ233")]
        self.progress(f"a family  one phone, two customers: {' and '.join(names)} have a booking each")

    def _two_olgas(self) -> None:
        """Two specialists of one name are two."""
        inga, at = guest(CHISINAU, 34, "Inga Rotaru"), self._stories().at(5, 9)
        for number, starts, staff in ((134, at, 771), (135, at + timedelta(hours=1), 772)):
            self._deliver(
                yclients_record(number, starts, CHISINAU, self._at(100), inga, staff=(staff, "Olga"))
            )
        olgas = {
            line["staff_id"]
            for number in ("134", "135")
            for line in self._booking("yclients", number, lambda found: bool(found["lines"]))["lines"]
        }
        self.progress(f"two Olgas  one name, two ids of the site: {len(olgas)} specialists")

    def _rotated(self) -> None:
        """An address gets into wrong hands: it is refused at once, and bookings keep their ids."""
        lena, at = guest(CHISINAU, 36, "Lena Botnaru"), self._stories().at(6, 9)
        wanted = {"site": "standard", "salon_id": self.demo["salons"][1]["id"], "settings": {}}
        made = self.owner.post("/v1/connections", wanted, "who-connection")
        webhooks = [
            standard_booking("st-436", version, at, self._at(100 + version), lena, staff="Elena")
            for version in (1, 2)
        ]
        self._send(webhooks[0], made)
        rotated = self.owner.post(f"/v1/connections/{made['id']}/rotate", {}, "who-rotated")
        old, new = self._send(webhooks[1], made), self._send(webhooks[1], rotated)
        booking = self._read(derived("bkg", made["id"], "st-436"), lambda found: True)
        self.progress(
            f"an address rotated  the old one answers {old}, the new one {new}; "
            f"the booking is the same: {booking['id']}"
        )

    # --- what all have in common

    def _stories(self) -> Stories:
        return Stories(self.anchor)

    def _at(self, second: int) -> datetime:
        return self._stories().told_at(second)

    def _past(self) -> datetime:
        return self.anchor.replace(second=0, microsecond=0) - HOURS_AGO

    def _deliver(self, *webhooks: Webhook) -> None:
        for webhook in webhooks:
            self.hooks.deliver(webhook)
        self.delivered += len(webhooks)

    def _send(self, webhook: Webhook, connection: Mapping[str, Any]) -> str:
        headers = signed(webhook, connection["url"], connection["secret"], datetime.now(UTC))
        self.delivered += 1
        try:
            self.owner.http.ask("POST", connection["url"], webhook.body, **headers)
        except Refused as refused:
            return str(refused.status)
        return "200"

    def _booking(self, site: str, external_id: str, is_there: Callable[[Any], bool]) -> Any:
        return self._read(self.hooks.booking_id(site, external_id), is_there)

    def _read(self, booking_id: str, is_there: Callable[[Any], bool]) -> Any:
        """The booking once intake has come so far, or as it is when nobody waits any longer."""
        found: Any = None
        for _ in range(LOOKS):
            try:
                found = self.owner.get(f"/v1/bookings/{booking_id}")
            except Refused:
                found = None
            if found and is_there(found):
                return found
            self.pause()
        if found is None:
            raise TimeoutError(f"booking {booking_id} did not come")
        return found

    def _client_of(self, site: str, external_id: str) -> str:
        booking = self._booking(site, external_id, lambda found: bool(found["client_id"]))
        return str(self.owner.get(f"/v1/clients/{booking['client_id']}")["name"])


def _minor(money: Mapping[str, Any] | None) -> int:
    return int(money["amount_minor"]) if money else 0
