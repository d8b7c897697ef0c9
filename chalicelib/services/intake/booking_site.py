"""The interface of a booking site: three questions that can be asked of a webhook, and what its API is asked:
what has changed since an instant, a page at a time."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from enum import StrEnum
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


class ChangesWanted(Struct, frozen=True, kw_only=True):
    """One page of what has changed.

    location  the site's id of the salon; "" where the site names none.
    token     what the network's owner was given by the site for its API. A secret.
    since     in the time zone of the salon's clock.
    page      from 1.
    """

    site: str
    location: str
    token: str
    since: datetime
    page: int

    def __repr__(self) -> str:
        return f"ChangesWanted({self.site}, {self.location}, {self.since}, {self.page})"


class AskedOutcome(StrEnum):
    """answered: there is a page. later: there is none now. token_refused: the site refuses the token."""

    ANSWERED = "answered"
    LATER = "later"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code, no secret


class SiteChanges(Struct, frozen=True):
    """One page, or why there is none.

    bodies   each as a webhook of the site has it.
    is_last  whether there is no further page.
    reason   for people, without anything that a site's answer contained.
    wait     how long the site wishes to be left alone.
    """

    outcome: AskedOutcome
    bodies: tuple[bytes, ...] = ()
    is_last: bool = True
    reason: str = ""
    wait: timedelta = timedelta()


AskChanges = Callable[[ChangesWanted], SiteChanges]
"""Asks the site's API. Never raises for what a site answers."""


def nothing_asked(wanted: ChangesWanted) -> SiteChanges:
    """For a deployment that reaches no booking site."""
    return SiteChanges(AskedOutcome.LATER, reason="no booking site can be reached from here")
