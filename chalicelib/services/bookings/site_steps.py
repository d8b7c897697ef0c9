"""What is asked of a booking site's API: to take a step with one of its bookings."""

from collections.abc import Callable
from datetime import timedelta
from enum import StrEnum

from msgspec import Struct

from chalicelib.domain.bookings.write_back import SiteStep


class StepOnSite(Struct, frozen=True, kw_only=True):
    """One step with one booking.

    site         the name of the site's adapter.
    external_id  the site's id of the booking.
    location     the site's id of the salon, where it told one.
    token        what the network's owner was given by the site for its API. A secret.
    key          the same for the same step of the same booking, so that a repetition is known as one.
    language     of the words that the site may pass on to the client.
    contacts     the client's phone (E.164) and e-mail (lower case), as far as they are known.
    """

    site: str
    step: SiteStep
    external_id: str
    location: str | None
    token: str
    key: str
    language: str
    contacts: tuple[str, ...] = ()

    def __repr__(self) -> str:
        return f"StepOnSite({self.site}, {self.step}, {self.external_id})"


class StepOutcome(StrEnum):
    """taken: the site has the booking so, or has it no more. later: it could not say now. refused: it does
    not take this step, so that a person has to. token_refused: it does not take the token."""

    TAKEN = "taken"
    LATER = "later"
    REFUSED = "refused"
    TOKEN_REFUSED = "token_refused"  # noqa: S105 - a code, no secret


class StepAnswer(Struct, frozen=True):
    """reason: for people, without anything that a site's answer contained. wait: how long the site wishes to
    be left alone."""

    outcome: StepOutcome
    reason: str = ""
    wait: timedelta = timedelta()


TakeStep = Callable[[StepOnSite], StepAnswer]
"""Asks the site's API to take the step. Never raises for what a site answers."""


def no_site(step: StepOnSite) -> StepAnswer:
    """For a deployment that reaches no booking site."""
    return StepAnswer(StepOutcome.REFUSED, "no booking site can be reached from here")
