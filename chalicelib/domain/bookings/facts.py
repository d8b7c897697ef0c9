"""The facts of a booking, who said each last, and what its booking site last said of each."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum
from types import MappingProxyType

from msgspec import Struct, field

TOO_EARLY = ", too early"


class Fact(StrEnum):
    """What of a booking a site, the desk and the client may each have their word about."""

    STATUS = "status"
    START = "start"
    SALON = "salon"
    LINES = "lines"
    CLIENT = "client"
    PAID = "paid"
    NOTE = "note"


class Party(StrEnum):
    """Who may say a fact of a booking that came from a site. RULE: the site's word cannot be true yet."""

    SITE = "site"
    DESK = "desk"
    CLIENT = "client"
    RULE = "rule"


class Authorship(Struct, frozen=True):
    """Who other than the site said a fact, and when. A fact without an authorship was said by the site.

    disputed: what the site has said against it since, of which the desk has a task already.
    """

    at: datetime
    by: Party
    disputed: tuple[str, ...] = ()


class ReportedFacts(Struct, frozen=True):
    """What a site last said of a booking, fact by fact. None: the site has said nothing of that fact.

    status     of the site: also `moving`. `completed` and `no_show` end in `TOO_EARLY` if the site said them
               days before the visit.
    start      as the site said it: an instant in UTC with `Z`, or the salon's wall clock without.
    salon      the site's id of its location.
    lines, note, details
               digests. details: of all that the site said of the client.
    client     digest of what names the client to the site; empty: the site took the client off.
    paid       the sum in minor units of the booking's currency, or "open"; after a slash its part for goods.
    guards     the guards of those facts that the booking's newest event said nothing of.
    """

    status: str | None = None
    start: str | None = None
    salon: str | None = None
    lines: str | None = None
    client: str | None = None
    details: str | None = None
    paid: str | None = None
    note: str | None = None
    guards: Mapping[Fact, str] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, fact: Fact) -> str | None:
        """What the site said of the fact, None: nothing."""
        word: str | None = getattr(self, fact.value)
        return word
