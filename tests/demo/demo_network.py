"""The demo's network without its cloud: the set-up as its requests say it, and the year laid over it."""

from datetime import UTC, datetime
from typing import Any

import msgspec
from msgspec.structs import replace

from chalicelib.api.networks.bonus_schemas import BonusRulesRequest, bonuses_of_request
from chalicelib.api.networks.rule_schemas import MessageRulesRequest, messages_of_request
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.network import Directory, Network, Salon, Service, Staff
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.quiet_hours import QuietHours
from chalicelib.services.shared.links import Links
from infra.demo.year.data import SALONS, service_requests, staff_requests
from infra.demo.year.history import History
from infra.demo.year.rules import BONUSES, DECIDED, quiet_hour

NOW = datetime(2026, 11, 23, 8, 3, 20, tzinfo=UTC)
NETWORK = "net_magnolia01"
LINKS = Links(b"a secret of the tests, long enough", "https://book.example")


def rules(now: datetime) -> MessageRules:
    """As the owner sets them."""
    said = messages_of_request(msgspec.convert(dict(DECIDED), MessageRulesRequest), "messages")
    return replace(MessageRules(), **said, quiet_hours=QuietHours(*quiet_hour(now)))


def bonuses() -> BonusRules:
    """The programme, as the owner sets it."""
    return BonusRules(**bonuses_of_request(msgspec.convert(dict(BONUSES), BonusRulesRequest)))


def directory(now: datetime = NOW, **changes: Any) -> Directory:
    """changes: of the rules."""
    network = Network(
        network_id=NETWORK, name="Magnolia", country="MD", language="ru", created_at=now,
        rules=Rules(messages=replace(rules(now), **changes), bonuses=bonuses()),
    )  # fmt: skip
    named = ("name", "timezone", "currency", "address", "booking_url")
    salons = {
        f"sal_{n}": Salon(network_id=NETWORK, id=f"sal_{n}", **{name: said[name] for name in named})
        for n, said in enumerate(SALONS)
    }
    staff = {
        f"stf_{n}": Staff(
            network_id=NETWORK, id=f"stf_{n}", name=said["name"], salon_ids=tuple(said["salon_ids"]))
        for n, said in enumerate(staff_requests(list(salons)))
    }  # fmt: skip
    services = {
        f"srv_{n}": Service(
            network_id=NETWORK, id=f"srv_{n}", name=said["name"], category=said["category"],
            minutes=said["minutes"], currency="MDL",
            price_minor=said["price"]["amount_minor"], repeat_after_days=said.get("repeat_after_days"),
        )
        for n, said in enumerate(service_requests())
    }  # fmt: skip
    return Directory(network, salons, staff, services)


def year(now: datetime = NOW, clients: int = 200) -> list[list[Any]]:
    return list(History(directory(now), LINKS, now, clients).client_histories())


def all_of(kind: type, histories: list[list[Any]]) -> list[Any]:
    return [value for history in histories for value in history if isinstance(value, kind)]
