"""A campaign to a small part of the clients, as the office makes one: planned, tried dry, started; at the end
it is counted what became of it."""

import time
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta
from typing import Any

from infra.demo.http import Caller, Refused
from infra.layers import Progress

NAME = "Care for those born next month"
TEXTS = {
    "ru": "{salon}: {client}, скоро ваш день! До конца недели уход за лицом со скидкой 20%: {link} {stop}",
    "ro": "{salon}: {client}, se apropie ziua ta! Saptamana aceasta -20% la ingrijirea fetei: {link} {stop}",
    "en": "{salon}: {client}, your day is near! 20% off facial care until the end of the week: {link} {stop}",
}
CATEGORIES = ("new", "developing", "regular")
STARTS_IN = timedelta(seconds=61)
"""So that a sweep comes in between: what is due of itself goes out first, while the budget lasts."""
PATIENCE_SECONDS = 90
LOOK_EVERY_SECONDS = 1.5


class Office:
    """owner: who plans it. anchor: the demo's present hour, from which the campaign follows."""

    def __init__(self, owner: Caller, anchor: datetime, progress: Progress) -> None:
        self._owner, self._anchor, self._tell = owner, anchor, progress

    def started(self, now: datetime) -> dict[str, Any]:
        """The campaign, once it has been tried dry and started. Again: the same one."""
        if (campaign := self.planned()) is None:
            self._owner.post("/v1/campaigns", self._request(now.replace(microsecond=0)), "campaign")
            campaign = self._campaign()
        if campaign["state"] == "draft":
            campaign = self._forecast(campaign)
            self._tell(f"dry run: {in_words(campaign['forecast'])}")
            campaign = dict(self._owner.post(f"/v1/campaigns/{campaign['id']}/start", {}, "campaign-start"))
            self._tell(f"started: its messages go out from {campaign['starts_at'][11:19]} UTC on")
        return campaign

    def _request(self, now: datetime) -> dict[str, Any]:
        return {
            "name": NAME, "texts": TEXTS, "per_minute": 6000,
            "segment": {"categories": CATEGORIES, "birth_month": self._anchor.month % 12 + 1},
            "starts_at": (now + STARTS_IN).isoformat(), "ends_at": (now + timedelta(days=3)).isoformat(),
        }  # fmt: skip

    def planned(self) -> dict[str, Any] | None:
        """The campaign as it stands, if it was made."""
        found = self._owner.get("/v1/campaigns")["items"]
        return dict(self._owner.get(f"/v1/campaigns/{found[0]['id']}")) if found else None

    def _campaign(self) -> dict[str, Any]:
        campaign = self.planned()
        assert campaign is not None
        return campaign

    def _forecast(self, campaign: Mapping[str, Any]) -> dict[str, Any]:
        self._owner.post(f"/v1/campaigns/{campaign['id']}/dry-run", {}, "campaign-dry-run")
        return self._once(lambda it: it["forecast"] is not None)

    def counted(self) -> dict[str, Any]:
        """The campaign with what became of it."""
        self._owner.post(f"/v1/campaigns/{self._campaign()['id']}/count", {}, "campaign-count")
        return self._once(lambda it: it["results"] is not None)

    def _once(self, done: Callable[[dict[str, Any]], bool]) -> dict[str, Any]:
        """The campaign once it is so; until then, how far its count is."""
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not done(campaign := self._campaign()):
            if time.monotonic() > deadline:
                raise Refused(0, f"not done within {PATIENCE_SECONDS} s", "the count of the campaign")
            if count := campaign["counting"]:
                self._tell(f"... {count['seen']:,} clients looked at, {count['found']} found")
            time.sleep(LOOK_EVERY_SECONDS)
        return campaign


def in_words(forecast: Mapping[str, Any]) -> str:
    """What a dry run came to, on one line."""
    channels = ", ".join(f"{each['clients']} by {each['code']}" for each in forecast["channels"])
    left = ", ".join(f"{each['code']} {each['clients']}" for each in forecast["left_out"])
    fits = "within" if forecast["fits_budget"] else "more than"
    return (f"{forecast['clients']} clients, {channels or 'none reached'}; left out: {left or 'nobody'}; "
            f"${forecast['cost_micros'] / 1e6:.2f}, {fits} what is left of the budget")  # fmt: skip
