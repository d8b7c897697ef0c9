"""The interface of a booking site: three questions that can be asked of a webhook. Each module of
`booking_sites` fits it."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Protocol

from msgspec import Struct

from chalicelib.domain.intake.connection_settings import Setting
from chalicelib.domain.intake.site_events import SiteContext, SiteEvent


class Delivery(Struct, frozen=True):
    """Which of a connection's deliveries this is: a retry of the same event gives an equal value.

    dedupe_key   at most 200 bytes of text; other events of the connection have others.
    occurred_at  the event's own time in UTC, None where the body does not tell it.
    """

    dedupe_key: str
    occurred_at: datetime | None = None


class BookingSite(Protocol):
    """A booking site, as pure functions of the bytes it sent. Header names may come in any case."""

    @property
    def SETTINGS(self) -> Sequence[Setting]:
        """The settings that a connection with the site may have."""

    def verify(self, raw: bytes, headers: Mapping[str, str], context: SiteContext, now: datetime) -> None:
        """Who sent it? Raises BadSignature unless the sender proved to be the site."""

    def identify(self, raw: bytes, headers: Mapping[str, str]) -> Delivery:
        """Which delivery is it? Never raises: what cannot be read is known by its bytes."""

    def normalise(self, raw: bytes, context: SiteContext) -> list[SiteEvent]:
        """What does it say? One event or more; WebhookNotUnderstood, and no other error, for any other
        bytes."""
