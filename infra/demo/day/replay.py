"""Delivers the booking sites' webhooks to the deployed API, story by story, and tells how each came out."""

import json
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from chalicelib.domain.shared.ids import derived
from infra.demo.day.sites import Webhook, signed
from infra.demo.day.story import End, Story
from infra.demo.http import Caller, Http, Refused
from infra.layers import Progress

FORGED = "another-secret-than-theirs"


@dataclass(frozen=True)
class Hooks:
    """connections: site -> url and secret, as in demo.json."""

    http: Http
    connections: Mapping[str, Mapping[str, Any]]

    def deliver(self, webhook: Webhook, secret: str | None = None) -> str:
        """What the API says to it: accepted, duplicate, ignored, quarantined, or the code of a refusal."""
        connection = self.connections[webhook.site]
        url = connection["url"]
        headers = signed(webhook, url, secret or connection["secret"], datetime.now(UTC))
        try:
            answer = self.http.ask("POST", url, webhook.body, **headers)
        except Refused as refused:
            return refused.code or str(refused.status)
        return str(json.loads(answer)["status"])

    def booking_id(self, site: str, external_id: str) -> str:
        """Our id of a site's booking; it follows from the connection's, and that from the address."""
        token = self.connections[site]["url"].rsplit("/", 1)[1]
        return derived("bkg", derived("con", token), external_id)


def deliver_all(hooks: Hooks, stories: list[Story], progress: Progress) -> None:
    """Every delivery of every story, in its order, and one that somebody forged."""
    outcomes = Counter(
        (webhook.site, hooks.deliver(webhook)) for story in stories for webhook in story.reported
    )
    outcomes["square", hooks.deliver(_one_of_square(stories), FORGED)] += 1
    for site in sorted({site for site, _ in outcomes}):
        of_site = ((answer, count) for (at, answer), count in sorted(outcomes.items()) if at == site)
        answers = ", ".join(f"{count} {answer}" for answer, count in of_site)
        progress(f"{site:9}{answers}")


def _one_of_square(stories: list[Story]) -> Webhook:
    return next(webhook for story in stories for webhook in story.reported if webhook.site == "square")


@dataclass(frozen=True)
class Outcome:
    """How a story's booking stands, in words, and whether that is as it should be."""

    site: str
    title: str
    state: str
    right: bool
    client_id: str | None = None


def outcomes(hooks: Hooks, owner: Caller, stories: list[Story]) -> list[Outcome]:
    """Of each story that has a booking."""
    return [_outcome(hooks, owner, story, story.ends) for story in stories if story.ends]


def _outcome(hooks: Hooks, owner: Caller, story: Story, ends: End) -> Outcome:
    site = story.reported[0].site
    try:
        booking = owner.get(f"/v1/bookings/{hooks.booking_id(site, ends.booking)}")
    except Refused as refused:
        return Outcome(site, story.title, refused.code, False)
    starts_at, client_id = datetime.fromisoformat(booking["starts_at"]), booking["client_id"]
    actual = (booking["status"], starts_at, client_id is not None)
    local = datetime.fromisoformat(booking["local_time"])
    state = f"{booking['status']}, {local:%d %b %H:%M}{'' if client_id else ', nobody'}"
    return Outcome(site, story.title, state, actual == (ends.status, ends.starts_at, ends.client), client_id)
