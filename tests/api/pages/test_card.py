"""The client's bonus card over HTTP, the code on it at the desk, and points on the booking's page."""

from datetime import date, timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from chalicelib.domain.bookings.bookings import Booking
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.loyalty.account import EntryKind, Posting
from chalicelib.domain.loyalty.ledger_check import faults
from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.networks.bonus_rules import BonusRules, GroupProgramme, Tier
from chalicelib.domain.networks.network import Network, Role
from chalicelib.domain.shared.ids import entry_id
from chalicelib.domain.shared.links import LinkPurpose
from chalicelib.services.bookings import step_booking
from chalicelib.services.loyalty.hold_points import hold_for_booking
from chalicelib.services.loyalty.post_bonus import post_to_client
from chalicelib.services.loyalty.show_card import card_code
from infra.testkit.api_client import Http
from infra.testkit.builders import NETWORK, NOW, OTHER_NETWORK, a_client, a_town, access, save_client
from tests.api.conftest import TestContainer
from tests.api.pages.test_pages import MARIA, Visitor

ZONE = "Europe/Chisinau"


@pytest.fixture
def visitor(http: Http, given_container: TestContainer, world: Any, mine: Any) -> Visitor:
    link = given_container.links().link(NETWORK, MARIA, mine.id, mine.starts_at)
    world.store.save(link)
    return Visitor(http, given_container, link)


@pytest.fixture
def give(world: Any, town: Any) -> Any:
    """Grants Maria points, perhaps until the end of a local day."""
    given: list[int] = []

    def granted(points: int, until: date | None = None, **said: Any) -> None:
        given.append(points)
        granted_id = entry_id(MARIA, "test", str(len(given)))
        end = day_end(until, ZONE) if until else None
        posting = Posting(
            id=granted_id,
            kind=EntryKind.GRANT,
            points=points,
            reason="test",
            actor="test",
            expires_at=end,
            **said,
        )
        post_to_client(world, town.client, posting)

    return granted


def set_rules(world: Any, **said: Any) -> None:
    network = world.store.get(Network, network_id=NETWORK)
    rules = replace(network.rules, bonuses=BonusRules(**said))
    world.store.save(replace(network, rules=rules))
    world.directories.forget(NETWORK)


def account(world: Any) -> Any:
    return world.store.account(NETWORK, MARIA)


def pay(http: Http, booking: Any, **said: Any) -> None:
    bill = {"amount_minor": 50_000, "currency": "MDL"}
    answer = http.post(f"/v1/bookings/{booking.id}/complete", {"paid": bill, **said})
    assert answer.status == 200, answer.text


def everything(world: Any) -> list[str]:
    return sorted(str(item.attribute_values) for item in world.store.item.scan())


# --- the card


def test_the_card_says_what_there_is_and_until_when(visitor: Visitor, give: Any) -> None:
    give(70, date(2027, 1, 31))
    give(30, date(2026, 12, 5))
    give(9, available_at=NOW + timedelta(days=3))
    page = visitor.see("w", "?lang=en")
    assert page.status == 200
    assert page.headers["Cache-Control"] == "no-store"
    assert "default-src 'none'" in page.headers["Content-Security-Policy"]
    text = " ".join(page.text.replace("\u00a0", " ").split())
    assert '<p class="time gap">100</p>' in text
    assert text.index("Until 5 December") < text.index("Until 31 January 2027")
    assert "Can be used from 26 November" in text
    assert "Points can pay for up to 25 % of your bill." in text


@pytest.mark.parametrize(
    ("language", "words"), [("en", "Your bonuses"), ("ru", "Ваши бонусы"), ("ro", "Bonusurile")]
)
def test_the_card_speaks_the_language_that_is_asked_for(language: str, words: str, visitor: Visitor) -> None:
    page = visitor.see("w", f"?lang={language}")
    assert words in page.text
    assert f'lang="{language}"' in page.text


def test_expired_points_are_gone_from_the_card_at_local_midnight_though_nothing_was_posted(
    visitor: Visitor, give: Any, world: Any, clock: Any
) -> None:
    give(30, date(2026, 12, 5))
    clock.now = day_end(date(2026, 12, 5), ZONE) - timedelta(milliseconds=1)
    assert '<p class="time gap">30</p>' in visitor.see("w").text
    clock.forward(seconds=0.001)
    assert '<p class="time gap">0</p>' in visitor.see("w").text
    assert account(world).balance == 30


def test_the_level_and_what_is_missing_to_the_next(
    visitor: Visitor, http: Http, world: Any, mine: Any, clock: Any
) -> None:
    set_rules(world, tiers=(Tier("Silver", 0, 80_000, 3), Tier("Gold", 80_000, None, 7)))
    clock.forward(days=2, hours=2)
    pay(http, mine)
    page = visitor.see("w", "?lang=en")
    assert "Silver" in page.text
    assert "300\u00a0MDL more to “Gold”" in page.text
    assert "3\u00a0% of each bill" in page.text


def test_a_client_without_anything_has_a_card_too(visitor: Visitor) -> None:
    assert '<p class="time gap">0</p>' in visitor.see("w").text


def test_the_card_reads_the_link_the_client_the_account_and_the_coupons_alone(
    visitor: Visitor, world: Any, given_container: TestContainer, http: Http
) -> None:
    from chalicelib.api.http import container

    visitor.see("w")  # the set-up is at hand from here on
    asked: list[str] = []

    class Counted:
        def get(self, kind: type[Any], /, **key: Any) -> Any:
            asked.append(kind.__name__)
            return world.store.get(kind, **key)

        def __getattr__(self, name: str) -> Any:
            asked.append(name)
            return getattr(world.store, name)

    container.use(replace(given_container, the_world=replace(world, store=Counted())))
    assert visitor.see("w").status == 200
    assert asked == ["Link", "Client", "account", "coupons"]


def test_looking_at_the_card_changes_nothing(visitor: Visitor, give: Any, world: Any, clock: Any) -> None:
    give(100, date(2026, 11, 24))
    before = everything(world)
    for days in (0, 3):
        clock.forward(days=days)
        for rest in ("", "?lang=ro", "?done=points_held", "?points=50"):
            assert visitor.see("w", rest).status == 200
            assert visitor.see("b", rest).status == 200
    assert everything(world) == before


def test_another_purposes_token_opens_no_card_and_a_cards_nothing_else(
    visitor: Visitor, http: Http, give: Any, world: Any
) -> None:
    give(100)
    anybody = http.with_key(None)
    for purpose in ("b", "r", "u"):
        token = visitor.path(purpose).rpartition("/")[2]
        assert anybody.get(f"/w/{token}").status == 404
    card = visitor.path("w").rpartition("/")[2]
    for path in (
        f"/b/{card}",
        f"/r/{card}",
        f"/u/{card}",
        f"/w/{card[:-1]}",
        f"/w/{card}0",
        f"/w/{card.upper()}",
    ):
        assert anybody.get(path).status == 404
    assert anybody.post(f"/b/{card}/bonus", "points=10").status == 404
    assert account(world).held == 0


@pytest.mark.parametrize("token", ["x", "%00", "0" * 16, "x" * 3000, "%ff", "..%2f..%2f", "%D0%BA"])
def test_nonsense_is_a_page_that_says_so(token: str, http: Http) -> None:
    page = http.with_key(None).get(f"/w/{token}", Accept_Language="en")
    assert page.status == 404
    assert page.text.startswith("<!doctype html>")


def test_a_link_without_a_booking_has_the_same_card(
    http: Http, given_container: TestContainer, world: Any, give: Any
) -> None:
    give(42)
    link = given_container.links().link(NETWORK, MARIA, None, NOW)
    world.store.save(link)
    assert '<p class="time gap">42</p>' in Visitor(http, given_container, link).see("w").text


def test_the_bookings_page_leads_to_the_card_where_there_is_a_programme(visitor: Visitor, world: Any) -> None:
    assert f'href="/api{visitor.path("w")}?lang=' in visitor.see("b").text
    set_rules(world, enabled=False)
    assert "/w/" not in visitor.see("b").text
    set_rules(world, enabled=False, programmes=(GroupProgramme(name="Centru", salon_ids=("sal_centru",)),))
    assert "/w/" in visitor.see("b").text


# --- the code, at the desk


def test_the_desk_finds_the_client_by_the_code_on_the_card(
    http: Http, keys: Any, given_container: TestContainer
) -> None:
    code = card_code(given_container.links(), NETWORK, MARIA)
    assert code == code.upper()
    for said in (code, code.lower(), f"%20{code}%20"):
        found = http.with_key(keys["reception"]).get(f"/v1/clients?card={said}").json
        assert [client["id"] for client in found["items"]] == [MARIA]


def test_a_card_from_before_a_merge_finds_whom_its_client_turned_out_to_be(
    http: Http, given_container: TestContainer, world: Any
) -> None:
    code = card_code(given_container.links(), NETWORK, MARIA)
    masha = save_client(world.store, a_client("cli_masha00000000002", phone="+37369000002", email=None)).id
    assert http.post(f"/v1/clients/{MARIA}/merge", {"into": masha}).status == 200
    found = http.get(f"/v1/clients?card={code}").json["items"]
    assert [client["id"] for client in found] == [masha]


def test_a_code_that_was_not_made_here_finds_nobody(http: Http, given_container: TestContainer) -> None:
    code = card_code(given_container.links(), NETWORK, MARIA)
    elsewhere = card_code(given_container.links(), OTHER_NETWORK, MARIA)
    nobody = card_code(given_container.links(), NETWORK, "cli_nobody0000000001")
    forged = [
        code[:-1] + ("0" if code[-1] != "0" else "1"),
        code[:-1],
        code + "0",
        MARIA,
        "0" * 24,
        "%FF",
        "%00",
    ]
    for said in (elsewhere, nobody, *forged):
        answer = http.get(f"/v1/clients?card={said}")
        assert answer.status == 200, said
        assert answer.json["items"] == [], said


def test_another_networks_desk_finds_nobody_by_it(
    http: Http, given_container: TestContainer, world: Any, store: Any
) -> None:
    """Even where a client of theirs has the same id."""
    from chalicelib.domain.networks.network import Key
    from chalicelib.services.networks.manage_keys import key_hash

    a_town(store, OTHER_NETWORK)
    secret = f"pk_{OTHER_NETWORK[-10:]}.{'theirs':0<32}"
    store.save(
        Key(
            network_id=OTHER_NETWORK,
            id="key_o",
            hash=key_hash(secret),
            role=Role.OWNER,
            name="o",
            created_at=NOW,
        )
    )
    code = card_code(given_container.links(), NETWORK, MARIA)
    assert store.get(Client, network_id=OTHER_NETWORK, id=a_client().id) is not None
    assert http.with_key(secret).get(f"/v1/clients?card={code}").json["items"] == []


def test_a_specialist_finds_nobody_by_a_code(http: Http, keys: Any, given_container: TestContainer) -> None:
    code = card_code(given_container.links(), NETWORK, MARIA)
    assert http.with_key(keys["specialist"]).get(f"/v1/clients?card={code}").status == 403


def test_the_code_opens_no_page(http: Http, given_container: TestContainer) -> None:
    code = card_code(given_container.links(), NETWORK, MARIA)
    for purpose in LinkPurpose:
        assert http.with_key(None).get(f"/{purpose}/{code.lower()}").status == 404


# --- points on the booking's page


def test_a_client_sets_points_aside_and_they_pay_at_the_visit(
    visitor: Visitor, http: Http, give: Any, world: Any, mine: Any, clock: Any
) -> None:
    give(200)
    page = visitor.see("b", "?lang=en").text.replace("\u00a0", " ")
    assert "You can pay 125 MDL with 125 points." in page  # 25 % of 500
    answer = visitor.post("b", "/bonus?lang=en", "points=125")
    assert answer.headers["Location"].endswith("?lang=en&done=points_held")
    page = visitor.follow(answer).text.replace("\u00a0", " ")
    assert "125 points will pay for a part of the bill: 125 MDL." in page
    assert (account(world).held, account(world).available(clock.now)) == (125, 75)
    (entry,) = [e for e in world.store.entries(NETWORK, MARIA) if e.kind is EntryKind.HOLD]
    assert (entry.actor, entry.booking_id, entry.held) == ("client", mine.id, 125)
    clock.forward(days=2, hours=2)
    pay(http, mine, redeem_points=125)
    assert account(world).held == 0
    assert faults(account(world), world.store.entries(NETWORK, MARIA)) == []


def test_a_second_tap_holds_nothing_more_and_another_number_is_refused(
    visitor: Visitor, give: Any, world: Any
) -> None:
    give(200)
    for _ in range(2):
        assert visitor.post("b", "/bonus", "points=50").status == 303
    assert visitor.post("b", "/bonus", "points=60").status == 409
    assert account(world).held == 50


def test_a_client_frees_the_points_again_however_often(visitor: Visitor, give: Any, world: Any) -> None:
    give(200)
    visitor.post("b", "/bonus", "points=50")
    for _ in range(2):
        answer = visitor.post("b", "/bonus/release?lang=en")
        assert "Your points are free again." in visitor.follow(answer).text
    assert account(world).held == 0
    assert world.store.get(Booking, network_id=NETWORK, id=visitor.link.booking_id).held_points == 0
    visitor.post("b", "/bonus", "points=60")
    assert account(world).held == 60
    assert faults(account(world), world.store.entries(NETWORK, MARIA)) == []


def test_what_the_desk_holds_the_client_sees_and_may_free(
    visitor: Visitor, give: Any, world: Any, mine: Any
) -> None:
    give(200)
    hold_for_booking(world, access(), mine.id, 80)
    assert "80 points will pay" in visitor.see("b", "?lang=en").text.replace("\u00a0", " ")
    assert visitor.post("b", "/bonus/release").status == 303
    assert account(world).held == 0


def test_points_are_not_held_for_a_booking_that_the_desk_has_cancelled_meanwhile(
    visitor: Visitor, give: Any, world: Any, mine: Any
) -> None:
    give(200)
    visitor.post("b", "/bonus", "points=50")
    step_booking.cancel(world, access(), mine.id, "salon")
    assert account(world).held == 0
    for rest, body in (("/bonus", "points=50"), ("/bonus/release", "")):
        page = visitor.post("b", rest, body)
        assert (page.status, page.text[:15]) == (409, "<!doctype html>")
    assert account(world).held == 0
    assert "Pay with bonuses" not in visitor.see("b", "?lang=en").text


def test_once_the_visit_has_begun_no_points_are_held(
    visitor: Visitor, give: Any, world: Any, clock: Any
) -> None:
    give(200)
    clock.forward(days=2, minutes=1)
    assert visitor.post("b", "/bonus", "points=50").status == 409
    assert account(world).held == 0


@pytest.mark.parametrize(
    "body",
    ["", "points=", "points=0", "points=-5", "points=1.5", "points=1e3", "points=126", "points=9999999999",
     "points=" + "9" * 400, "points=%D9%A3", "points=5&points=999", b"points=\xff", "&" * 100, "points=+5"],
)  # fmt: skip
def test_points_that_are_none_are_not_held(body: Any, visitor: Visitor, give: Any, world: Any) -> None:
    give(200)
    page = visitor.post("b", "/bonus", body)
    assert 400 <= page.status < 500
    assert page.text.startswith("<!doctype html>")
    assert account(world).held == 0


def test_more_than_there_is_is_not_held(visitor: Visitor, give: Any, world: Any) -> None:
    give(20)
    assert "You can pay 20" in visitor.see("b", "?lang=en").text
    assert visitor.post("b", "/bonus", "points=21").status == 422
    assert account(world).held == 0


def test_a_booking_that_is_anothers_by_now_shows_and_holds_nobodys_points(
    visitor: Visitor, give: Any, world: Any, mine: Any
) -> None:
    give(200)
    other = a_client("cli_irina00000000001", phone=None, email=None)
    world.store.save(
        other, replace(world.store.get(Booking, network_id=NETWORK, id=mine.id), client_id=other.id)
    )
    assert "Pay with bonuses" not in visitor.see("b", "?lang=en").text
    assert visitor.post("b", "/bonus", "points=10").status == 404
    assert visitor.post("b", "/bonus/release").status == 404
    assert account(world).held == 0
