"""Precedence: whose word holds where a site's new word meets what the desk or the client said of a booking.

The rows stand in order, and the first that fits decides. docs/webhooks.md has them for people.
"""

from msgspec import Struct

from chalicelib.domain.bookings.facts import Fact, Party

ANY: frozenset[str] = frozenset()
TO_COME = frozenset({"booked", "confirmed"})
OFF = frozenset({"cancelled", "moving"})
CANCELLED = frozenset({"cancelled"})
MISSED = frozenset({"no_show"})
CLOSED = CANCELLED | MISSED
CAME = frozenset({"completed"})
LATER, EARLIER = frozenset({"another, later"}), frozenset({"another, earlier"})
ANOTHER = LATER | EARLIER
OURS = frozenset({Party.DESK, Party.CLIENT})
MAX_DISPUTES = 5
"""How many words of a site against one word of the desk make a task each."""


class Precedence(Struct, frozen=True, kw_only=True):
    """Which word holds, and whether the desk gets a task with both words.

    by           who said the fact here.
    held         the status that is held here.
    before, says what the site said of the fact before, and what it says now. Of a start or lines: whether it
                 says so after or before the word that is held. An empty set: anything.
    """

    fact: Fact
    by: frozenset[Party] = OURS
    held: frozenset[str] = ANY
    before: frozenset[str] = ANY
    says: frozenset[str] = ANY
    site_holds: bool
    task: bool = False

    def fits(self, fact: Fact, by: Party, held: str, before: str | None, says: str) -> bool:
        asked = ((self.held, held), (self.before, before), (self.says, says))
        return fact is self.fact and by in self.by and all(not some or it in some for some, it in asked)


class Verdict(Struct, frozen=True):
    site_holds: bool
    task: bool = False


_STATUS, _START = Fact.STATUS, Fact.START
_DESK = frozenset({Party.DESK})

PRECEDENCES = (
    Precedence(fact=_STATUS, held=frozenset({"booked"}), site_holds=True),
    Precedence(fact=_STATUS, held=frozenset({"confirmed"}), says=frozenset({"booked"}), site_holds=False),
    Precedence(fact=_STATUS, held=frozenset({"confirmed"}), site_holds=True),
    Precedence(fact=_STATUS, held=CAME, before=CAME, says=TO_COME, site_holds=False, task=True),
    Precedence(fact=_STATUS, held=CAME, says=TO_COME, site_holds=False),
    Precedence(fact=_STATUS, held=CAME, says=OFF | MISSED, site_holds=False, task=True),
    Precedence(fact=_STATUS, held=CLOSED, says=CAME, site_holds=True, task=True),
    Precedence(fact=_STATUS, held=CANCELLED, before=OFF, says=TO_COME, site_holds=True),
    Precedence(fact=_STATUS, held=MISSED, before=MISSED, says=TO_COME, site_holds=False, task=True),
    Precedence(fact=_STATUS, held=CLOSED, site_holds=False),
    Precedence(fact=_START, held=CAME, site_holds=False, task=True),
    Precedence(fact=_START, held=CLOSED, says=LATER, site_holds=True, task=True),
    Precedence(fact=_START, held=CLOSED, says=EARLIER, site_holds=False),
    Precedence(fact=_START, by=_DESK, held=TO_COME, says=LATER, site_holds=True, task=True),
    Precedence(fact=_START, by=_DESK, held=TO_COME, says=EARLIER, site_holds=False, task=True),
    Precedence(fact=Fact.LINES, by=_DESK, says=LATER, site_holds=True, task=True),
    Precedence(fact=Fact.LINES, by=_DESK, says=EARLIER, site_holds=False, task=True),
    Precedence(fact=Fact.SALON, held=CAME, site_holds=False, task=True),
    Precedence(fact=Fact.CLIENT, held=CAME, site_holds=False, task=True),
    Precedence(fact=Fact.PAID, by=_DESK, site_holds=False, task=True),
)
"""What the site said last itself, it may say otherwise: of such a fact the table says nothing."""


def verdict(fact: Fact, by: Party, held: str, before: str | None, says: str) -> Verdict:
    """Whose word holds. by: who said what is held: of a closed booking's start, who closed it."""
    if by is Party.SITE:
        return Verdict(site_holds=True)
    fitting = (each for each in PRECEDENCES if each.fits(fact, by, held, before, says))
    row = next(fitting, None)
    return Verdict(row.site_holds, row.task) if row is not None else Verdict(site_holds=True)
