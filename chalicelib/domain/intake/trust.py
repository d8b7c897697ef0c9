"""What is believed of a site whose webhooks prove nothing: whoever knows the address can send them.

Such a site is believed in what it can know: its bookings, and the clients who came from it. Everything else
waits for a person.
"""

from collections.abc import Iterable, Mapping
from datetime import timedelta

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Connection, Salon, Service
from chalicelib.domain.shared.currencies import in_minor, largest_visit
from chalicelib.domain.shared.ids import derived

AHEAD = timedelta(minutes=5)
"""How far the clocks of a site and of ours may differ. A later date counts as this much after the receipt."""

MAX_EVENTS = 20
"""How many events of one body are applied without a person's consent."""
MAX_LINES = 50
"""How many lines one booking may have."""
MAX_NEW_OF_BODY = 50
"""How many services and staff one body may add."""
MAX_NEW_OF_DAY = 200
"""How many services and staff one connection may add in a day of UTC."""
MAX_RENAMED_OF_DAY = 200
"""How many services and staff one connection whose site signs nothing may rename in a day (UTC)."""

LARGEST_OF_DAY = 50
"""The visits that one connection reports in a day (UTC) may come to this many of the largest."""
MAX_CARDS_OF_DAY = 100
"""About how many clients one connection makes the desk look in a day (UTC)."""
MAX_OWNERS = 20
"""So many clients, one after another, are told apart by ids that follow from one phone or e-mail."""
PRICE_TIMES = 20
"""A visit may come to this many times what its services usually cost."""

FIRST, ANY = "first", "any"
"""What `company_id` may be in place of the site's ids of its salons: the first company that reports a booking
is taken for it; or every company is believed, by the network's own decision."""


def companies(settings: Mapping[str, str]) -> frozenset[str] | None:
    """The site's ids of the salons whose events are believed; None where all are."""
    named = settings.get("company_id", "").strip()
    if named in ("", FIRST, ANY):
        return None
    mapped = {name.removeprefix("salon:") for name in settings if name.startswith("salon:")}
    return frozenset({each.strip() for each in named.split(",")} | mapped)


def missing_settings(connection: Connection) -> list[str]:
    """Settings without which the connection believes more than it needs to."""
    named = connection.settings.get("company_id", FIRST)
    return [] if connection.is_signed or named != FIRST else ["company_id"]


def came_from(connection: Connection, client: Client, external_id: str | None) -> bool:
    """Whether the connection made the client, of the site's client with that id or of their phone or e-mail.
    The id of such a client follows from what the site named them by."""
    named_by = [each for each in (external_id, client.phone, client.email) if each]
    return any(
        client.id == made_id(connection, each, number) for each in named_by for number in range(MAX_OWNERS)
    )


def made_id(connection: Connection, named_by: str, number: int = 0) -> str:
    """The id of the client whom the connection makes of a site's id, a phone or an e-mail. number: how many
    clients it made of them before, who have another phone or e-mail now."""
    return derived("cli", connection.id, named_by, *([str(number)] if number else []))


def may_change(connection: Connection, client: Client, external_id: str | None) -> bool:
    """Whether the site may change the client's name, phone, e-mail and birthday."""
    return connection.is_signed or came_from(connection, client, external_id)


def largest_visit_minor(connection: Connection, salon: Salon, services: Iterable[Service | None]) -> int:
    """What a visit may come to before a person has to look, in minor units of the salon's currency.

    services: those of the visit. A price that the site itself brought along says nothing: a service counts
    only once a person has reviewed it.
    """
    currency = salon.currency
    whole = connection.settings.get("largest_visit") or largest_visit(currency)
    largest = in_minor(int(whole), currency)
    usual = [_reviewed_price(service, currency) for service in services]
    known = [price for price in usual if price]
    if not known or len(known) < len(usual):
        return largest
    return min(largest, PRICE_TIMES * sum(known))


def _reviewed_price(service: Service | None, currency: str) -> int | None:
    if service is None or service.unreviewed or service.currency not in (None, currency):
        return None
    return service.price_minor
