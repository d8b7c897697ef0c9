"""What a card of a client takes away, by the way in which each site writes that there is nothing."""

import json
from typing import Any

import pytest

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.site_events import ClientReported, SiteContext
from infra.testkit.builders import NOW
from infra.testkit.unsigned_site import a_card

ALL = frozenset({"phone", "email", "birth_date"})


def square(**fields: Any) -> dict[str, Any]:
    customer = {"id": "C1", "version": 1, "given_name": "Olga", **fields}
    head = {"type": "customer.updated", "event_id": "e-1", "created_at": "2026-11-23T08:00:00Z"}
    return {**head, "data": {"object": {"customer": customer}}}


def standard(**fields: Any) -> dict[str, Any]:
    data = {"external_id": "c-1", "name": "Olga", **fields}
    return {"type": "client.upserted", "timestamp": "2026-11-23T08:00:00Z", "data": data}


def cleared(site: str, body: dict[str, Any]) -> frozenset[str]:
    context = SiteContext(url="https://salon.example/hook", received_at=NOW)
    (event,) = ADAPTERS[site].normalise(json.dumps(body).encode(), context)
    assert isinstance(event, ClientReported)
    return event.client.cleared


@pytest.mark.parametrize(
    ("site", "body", "expected"),
    [
        ("square", square(), ALL),
        ("square", square(phone_number="+37369500500"), ALL - {"phone"}),
        ("square", square(phone_number="", email_address=None, birthday="1990-05-17"), ALL - {"birth_date"}),
        ("square", square(phone_number=["odd"], email_address=5, birthday=0), frozenset()),
        ("standard", standard(), frozenset()),
        ("standard", standard(phone=None), {"phone"}),
        ("standard", standard(phone="", email="", birth_date=""), ALL),
        ("standard", standard(phone="no phone at all", email="odd"), frozenset()),
        *(
            (site, body, expected)
            for site in ("yclients", "altegio")
            for body, expected in (
                (a_card(1, name="Olga"), frozenset()),
                (a_card(1, name="Olga", phone="", email=None), {"phone", "email"}),
                (a_card(1, name="Olga", birth_date="0000-00-00"), {"birth_date"}),
                (a_card(1, name="Olga", birth_date="", birthday="1990-05-17"), frozenset()),
                (a_card(1, name="Olga", phone=0, birth_date=0), frozenset()),
            )
        ),
    ],
)
def test_a_card_takes_away_what_it_says_is_empty(site: str, body: Any, expected: Any) -> None:
    assert cleared(site, body) == expected
