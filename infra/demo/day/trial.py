"""The trial of the demo's network: what it would send and give, what is missing, and how it goes live."""

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from infra.demo.day.story import CHISINAU, FIRST_FREE
from infra.demo.http import Caller
from infra.demo.year.data import phone
from infra.layers import Progress

FIRST_CLIENT = "Vera Munteanu"
NUMBER = 50
"""Of her phone, among the guests'."""
AHEAD = timedelta(hours=3)
"""When her visit is planned: she comes early."""
LOOKS, LOOK_EVERY_SECONDS = 60, 1.0
MICROS = 1_000_000


def _pause() -> None:
    time.sleep(LOOK_EVERY_SECONDS)


@dataclass(frozen=True)
class NetworkTrial:
    """demo: as in demo.json. anchor: the demo's present hour. pause: waits for the deployed functions."""

    owner: Caller
    demo: Mapping[str, Any]
    anchor: datetime
    progress: Progress
    pause: Callable[[], None] = _pause

    def shown(self) -> None:
        """Books the first client, waits for what would be sent, completes her visit, and says what would be
        given. A network that is live already is left alone."""
        if self._is_live():
            return
        self.progress("the network is in trial: nothing goes out, no points are given")
        booking = self._booked()
        for message in self._messages(booking["client_id"]):
            cost = message["cost"]["amount_micros"] / MICROS
            text = " ".join(message["text"].split())
            self.progress(f"would send  {message['kind']} by {message['channel']}, ${cost:.3f}: {text[:60]}…")
        bonus = self._completed(booking)["bonus"]
        self.progress(f"would give  {bonus['would_earn']} points for her visit; {bonus['earned']} are given")
        for gap in self.owner.get("/v1/network")["missing"]:
            self.progress(f"missing     {gap['item']}: {gap['says']}")

    def ended(self) -> None:
        """Goes live, once the rules are decided: the owner has looked at the texts, too."""
        if self._is_live():
            return
        self.owner.patch("/v1/network", {"reviewed": ["texts"]})
        network = self.owner.post("/v1/network/live", {}, "live")
        trial = self.owner.get("/v1/network/trial")
        items = ", ".join(gap["item"] for gap in network["missing"]) or "nothing"
        count = sum(each["messages"] for each in trial["messages"])
        points = sum(trial["points"].values())
        self.progress(f"live: {items} is missing; the trial has kept back {count} message, {points} points")

    def _is_live(self) -> bool:
        return bool(self.owner.get("/v1/network")["live"])

    def _booked(self) -> Any:
        ids = {service["name"]: service["id"] for service in self.demo["services"]}
        starts_at = (self.anchor + AHEAD).replace(minute=0, second=0, microsecond=0)
        body = {
            "salon_id": self.demo["salons"][0]["id"], "starts_at": starts_at.isoformat(),
            "client": {
                "name": FIRST_CLIENT, "language": "ro",
                "phone": phone(CHISINAU, FIRST_FREE[CHISINAU] + NUMBER),
            },
            "lines": [{"service_id": ids["Brow shaping"]}], "source": "phone",
        }  # fmt: skip
        return self.owner.post("/v1/bookings", body, "trial-booking")

    def _completed(self, booking: Mapping[str, Any]) -> Any:
        bill = {"paid": booking["total"]}
        return self.owner.post(f"/v1/bookings/{booking['id']}/complete", bill, "trial-visit")

    def _messages(self, client_id: str) -> list[Any]:
        """Those that would have been sent, once the deployed functions have decided."""
        for _ in range(LOOKS):
            log = self.owner.get(f"/v1/clients/{client_id}/messages")["items"]
            if found := [each for each in log if each.get("reason") == "trial"]:
                return found
            self.pause()
        return []
