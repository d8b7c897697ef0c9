"""What a network lacks before it goes live. The list advises: an owner may go live with gaps."""

from collections.abc import Callable, Mapping

from msgspec import Struct

from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.network import Directory, Salon, Service, Staff
from chalicelib.domain.shared.quiet_hours import QuietHours


class Gap(Struct, frozen=True):
    """One thing that is missing. says: what to do about it."""

    item: str
    says: str


_SAYS: Mapping[str, str] = {
    "salon": "Add a salon: POST /v1/salons. Messages speak for one.",
    "staff": "Add the people who work in the salons: POST /v1/staff.",
    "service": "Add services: POST /v1/services.",
    "connection": "Connect a booking site: POST /v1/connections. Else bookings come by the API alone.",
    "texts": "Look at the texts of messages: GET /v1/templates.",
    "hours": "Look at the quiet hours, in which clients are not disturbed: GET /v1/rules.",
    "budget": "Set what messages may cost in a month: monthly_budget_usd_cents of PUT /v1/rules.",
    "programme": "Look at the bonus programme, which gives 5 % by default: GET /v1/rules.",
}


def _any_offered(known: Mapping[str, Salon] | Mapping[str, Staff] | Mapping[str, Service]) -> bool:
    return any(not each.archived for each in known.values())


_IS_THERE: Mapping[str, Callable[[Directory], bool]] = {
    "salon": lambda directory: _any_offered(directory.salons),
    "staff": lambda directory: _any_offered(directory.staff),
    "service": lambda directory: _any_offered(directory.services),
    "connection": lambda directory: bool(directory.connections),
    "texts": lambda directory: bool(directory.templates),
    "hours": lambda directory: directory.rules.messages.quiet_hours != QuietHours(),
    "budget": lambda directory: directory.rules.messages.monthly_budget_usd_cents is not None,
    "programme": lambda directory: directory.rules.bonuses != BonusRules(),
}

REVIEWABLE = ("connection", "texts", "hours", "budget", "programme")
"""What an owner may say to have looked at, and to want as it is."""


def gaps_of(directory: Directory) -> list[Gap]:
    """What is neither set up nor, where that is enough, reviewed by an owner."""
    reviewed = directory.network.reviewed
    return [
        Gap(item, _SAYS[item])
        for item, is_there in _IS_THERE.items()
        if item not in reviewed and not is_there(directory)
    ]
