"""What a booking site reports, as canonical events: for tests that do not concern the site's own format."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from msgspec.structs import replace

from chalicelib.domain.intake.site_events import (
    BookingReported,
    ClientReported,
    SiteClient,
    SiteContext,
    SiteEvent,
    SiteLine,
    SiteStatus,
    WebhookNotUnderstood,
    guard,
)

MARIA = SiteClient(external_id="c-1", name="Maria Popescu", phone="069123456")
LINE = SiteLine(service_id="s-1", service_name="Haircut", staff_id="p-1", staff_name="Anna", minutes=60,
                price_minor=50_000)  # fmt: skip


def reported(external_id: str, version: int, starts_at: datetime | None, **fields: Any) -> BookingReported:
    """What a site says of a booking: booked, by Maria, one haircut, unless said otherwise."""
    given: dict[str, Any] = {"status": SiteStatus.BOOKED, "client": MARIA, "lines": (LINE,)}
    return BookingReported(
        external_id=external_id, guard=guard(version=version), starts_at=starts_at, **{**given, **fields}
    )


def client_reported(external_id: str, version: int, client: SiteClient, **fields: Any) -> ClientReported:
    return ClientReported(external_id=external_id, guard=guard(version=version), client=client, **fields)


def thin(event: BookingReported) -> BookingReported:
    """The event as sites send it that tell only what changed."""
    return replace(event, starts_at=None, client=None, lines=(), partial=True)


class ScriptedSite:
    """A booking site whose webhooks are canonical events already: the body names the event."""

    def __init__(self) -> None:
        self.events: dict[bytes, Sequence[SiteEvent]] = {}

    def normalise(self, raw: bytes, context: SiteContext) -> list[SiteEvent]:
        if raw not in self.events:
            raise WebhookNotUnderstood("NOT_JSON", "nobody can read this")
        return list(self.events[raw])
