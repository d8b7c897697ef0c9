"""What the demo does with points and tells of them, over HTTP: on its own network, with its own year."""

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from chalicelib.domain.networks.network import Key, Role
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.networks.manage_keys import key_hash
from chalicelib.services.shared.world import World
from infra.demo.day.bonuses import Plans, PointsDesk, card_url, months_to_clear, refused, served_with_points
from infra.demo.day.story import CHISINAU
from infra.demo.http import Caller, Refused
from infra.demo.http import Http as Requests
from infra.demo.report.bonuses import PointsReport
from infra.demo.report.report import Report
from infra.demo.year.stages import STAGES, staged
from infra.testkit.api_client import Http
from infra.testkit.doubles import RecordingIntake, RecordingSender, SettableClock
from infra.testkit.salon_driver import SalonDriver
from tests.api.conftest import BASE_URL, TestContainer
from tests.demo.demo_network import NETWORK, NOW, directory, year

if TYPE_CHECKING:
    from chalice import Chalice

ROLES = (Role.OWNER, Role.RECEPTION, Role.SPECIALIST)
MONTHS = ["2026-10", "2026-11"]


class AppRequests(Requests):
    """The demo's requests, to the app in this process."""

    def __init__(self, http: Http) -> None:
        super().__init__(BASE_URL)
        self._http = http

    def ask(self, method: str, url: str, body: bytes | None = None, **headers: str) -> str:
        said = body.decode() if body is not None else None
        answer = self._http.ask(method, url.removeprefix(BASE_URL), said, **headers)
        if answer.status >= 300:
            raise Refused(answer.status, answer.text, f"{method} {url}")
        return answer.text


@pytest.fixture
def now(request: pytest.FixtureRequest) -> datetime:
    return getattr(request, "param", NOW)


@pytest.fixture
def demo(world: World, clock: SettableClock, now: datetime) -> dict[str, Any]:
    """As in demo.json; of the year those are laid out who come to the desk or whose points are over."""
    known = directory(now)
    for value in (known.network, *known.salons.values(), *known.staff.values(), *known.services.values()):
        world.store.save(value)
    wanted = {*staged(NETWORK, "comes_often"), *staged(NETWORK, "expired")}
    for client, *others in year(now, clients=sum(count for _, count in STAGES)):
        if client.id in wanted:
            world.store.save(client)
            for value in others:
                world.store.save(value)
    clock.now = now
    secrets = {role.value: f"pk_{NETWORK[-10:]}.{role.value:0<32}" for role in ROLES}
    for role in ROLES:
        world.store.save(
            Key(network_id=NETWORK, id=f"key_{role}", hash=key_hash(secrets[role.value]), role=role,
                name=role.value, created_at=now, staff_id="stf_0" if role is Role.SPECIALIST else None)
        )  # fmt: skip
    named = {"salons": known.salons, "staff": known.staff, "services": known.services}
    return {
        "network_id": NETWORK, "keys": secrets,
        **{what: [{"id": each.id, "name": each.name} for each in of.values()] for what, of in named.items()},
    }  # fmt: skip


@pytest.fixture
def requests(app: "Chalice", given_container: TestContainer) -> AppRequests:
    return AppRequests(Http(app))


@pytest.fixture
def desk(
    requests: AppRequests, demo: dict[str, Any], given_container: TestContainer, now: datetime
) -> PointsDesk:
    world = given_container.world()
    return PointsDesk(requests, demo, now, world.store, given_container.links(), lambda line: None)


def told_by(desk: PointsDesk) -> dict[str, str]:
    *_, told = desk.day({})
    return {title: words for lines in told.values() for title, words in lines}


@pytest.mark.parametrize("now", [
    NOW,
    datetime(2026, 12, 31, 22, 0, 1, tzinfo=UTC),  # a year begins in Chisinau just now
    datetime(2028, 3, 8, 5, 0, tzinfo=UTC),
], indirect=True)  # fmt: skip
def test_at_the_desk_all_of_it_comes_out_as_it_should(desk: PointsDesk, now: datetime) -> None:
    Plans(desk.owner, now).promotion(local_date(now, CHISINAU))
    told = told_by(desk)
    assert told["hold"].endswith("a second receptionist gets HOLD_EXISTS")
    assert "1 coupon" in told["visit"]
    assert told["cancelled"] == "40 points set aside before, 0 after"
    assert "40" in told["the client's page"].partition(":")[2]
    assert "100 points to her, 200 to who sent her" in told["referral"]
    assert told["coming often"].startswith("100 points for three months running")
    assert told["coming often"].endswith("COUPON_USED")
    assert told["in another salon"].startswith("100 points of Magnolia Botanica")
    assert told["compensation"] == "80 points by a specialist; 150 gets OVER_LIMIT"
    assert told["by hand"] == "25 points given and reversed: -25; a coupon given: open, then void"
    assert told["merge"] == "60 and 90 points of two who are one: 150; undone: 60 and 90"
    assert told["card"].endswith("apple, google")


def test_stopped_on_the_way_it_goes_on_and_doubles_nothing(
    desk: PointsDesk, given_container: TestContainer
) -> None:
    """What was told before is not told anew; a chapter that was not told to its end is done again."""
    days = desk.day({})
    told = [next(days) for _ in range(4)][2]
    *_, after = desk.day(told)
    assert {name: after[name] for name in told} == told
    assert len(after) == 9
    faults = [
        fault
        for each_id in served_with_points(desk.reception, NETWORK)
        for fault in SalonDriver(given_container.world(), RecordingSender(), RecordingIntake()).ledger_faults(
            each_id
        )
    ]
    assert faults == []


def test_what_came_of_it_is_read_over_http(
    desk: PointsDesk,
    world: World,
    clock: SettableClock,
    sender: RecordingSender,
    intake_queue: RecordingIntake,
) -> None:
    plans = Plans(desk.owner, NOW)
    plans.promotion(local_date(NOW, CHISINAU))
    *_, told = desk.day({})
    plans.begin_walks()
    clock.now = NOW + timedelta(minutes=3)
    plans.begin_clearing(MONTHS[1])
    driver = SalonDriver(world, sender, intake_queue)
    for _ in range(4):
        driver.drain()
    report = Report()
    names = {salon.id: salon.name for salon in directory().salons.values()}
    lines = [line for lines in told.values() for line in lines]
    PointsReport(desk.owner, names).all(report, lines, MONTHS, staged(NETWORK, "expired"))
    text = "\n".join(report.lines)
    assert "3 clients' points ended last midnight: -300 posted by the wake function" in text
    assert "A week of double points (running until 2026-11-29)" in text
    assert "points granted" in text
    assert "no differences: " in text
    assert "accounts, 0 differ" in text
    assert "surprises of 2026-11: the first draw is on the first of next month" in text
    assert "Magnolia Botanica owes Magnolia Арбат for 100 points: 500 RUB" in text
    assert "not finished" not in text


def test_the_card_of_a_client_who_comes_often_opens(desk: PointsDesk, requests: AppRequests) -> None:
    assert "<html" in requests.ask("GET", card_url(desk.reception, NETWORK))


def test_months_are_those_of_the_networks_zone() -> None:
    assert months_to_clear(NOW) == MONTHS
    assert months_to_clear(NOW.replace(month=12, day=31, hour=23)) == ["2026-12", "2027-01"]


def test_a_request_that_should_be_refused_and_is_not_is_said_so(desk: PointsDesk) -> None:
    owner: Caller = desk.owner
    assert refused(lambda: owner.get("/v1/clients/cli_0000000000000000")) == "NOT_FOUND"
    assert refused(lambda: owner.get("/v1/rules")) == "NO REFUSAL"
