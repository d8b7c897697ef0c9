"""What each kind of message costs, sent, skipped or put off: units and calls from the moment a worker has its
item until the next pointer is set."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from msgspec.structs import replace

from bench.report.figures import Figure
from bench.setting import occasions
from bench.setting.environment import SHARDS, BenchEnvironment
from bench.setting.layout import due, lay_out
from bench.setting.meter import Spent
from bench.setting.metered_driver import MeteredDriver, a_metered_driver
from bench.setting.occasions import Make, Scene
from chalicelib.domain.bookings.bookings import Status
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.messages.messages import Message
from chalicelib.domain.networks.rules import MessageRules, Rules
from chalicelib.domain.shared.touches import Touch, TouchKind, TouchState
from chalicelib.services.waking.wake_items import drain_shard

SENT, SKIPPED, PUT_OFF = "sent", "skipped", "put off"
MAX_WRITTEN = {SENT: 6, SKIPPED: 4, PUT_OFF: 4}
MAX_READ = 4


@dataclass(frozen=True)
class Case:
    """comes_to: SENT, SKIPPED or PUT_OFF. why: the reason that is to be on record."""

    name: str
    make: Make
    comes_to: str = SENT
    why: str | None = None


def _client(make: Make, **fields: Any) -> Make:
    """The same occasion, with another client."""

    def made(scene: Scene) -> Sequence[Any]:
        return [replace(value, **fields) if isinstance(value, Client) else value for value in make(scene)]

    return made


def _with(make: Make, more: Callable[[Scene], Any]) -> Make:
    return lambda scene: [*make(scene), more(scene)]


def _earlier_that_day(scene: Scene) -> Any:
    """Another booking of the same visit, which asks for both."""
    booking = Scene(scene.driver, f"{scene.cause}, earlier").booking(timedelta(hours=23))
    asked = Touch(TouchKind.CONFIRM_REQUEST, TouchState.SENT, scene.now - timedelta(hours=1))
    touches = {**booking.touches, asked.kind: asked}
    return replace(booking, client_id=scene.client_id, touches=touches)


def _ahead(scene: Scene) -> Any:
    booking = Scene(scene.driver, f"{scene.cause}, ahead").booking(timedelta(days=5))
    return replace(booking, client_id=scene.client_id, status=Status.CONFIRMED)


CASES = (
    Case("notice, with the booking's link", occasions.notice),
    Case("confirm request", occasions.confirm_request),
    Case("control reminder", occasions.control_reminder),
    Case("review request", occasions.review_request),
    Case("review request with bonus notice", occasions.review_and_bonus),
    Case("no-show invitation", occasions.no_show_invitation),
    Case("repeat invitation", occasions.repeat_invitation),
    Case("birthday", _with(occasions.birthday, Scene.link)),
    Case("birthday, with the client's link", occasions.birthday),
    Case("at risk", _with(occasions.at_risk, Scene.link)),
    Case("win-back", _with(occasions.win_back, Scene.link)),
    Case("bonus expiry", _with(occasions.bonus_expiry, Scene.link)),
    Case("campaign", _with(occasions.campaign_recipient, Scene.link)),
    Case("confirm request: no phone", _client(occasions.confirm_request, phone=None), SKIPPED, "no_phone"),
    Case("control reminder: no phone", _client(occasions.control_reminder, phone=None), SKIPPED, "no_phone"),
    Case(
        "confirm request: one visit, two bookings",
        _with(occasions.confirm_request, _earlier_that_day),
        SKIPPED,
        "same_visit",
    ),
    Case(
        "repeat invitation: no consent",
        _client(occasions.repeat_invitation, consents=()),
        SKIPPED,
        "no_consent",
    ),
    Case(
        "repeat invitation: has a booking", _with(occasions.repeat_invitation, _ahead), SKIPPED, "has_booking"
    ),
    Case("campaign: no consent", _client(occasions.campaign_recipient, consents=()), SKIPPED, "no_consent"),
    Case(
        "campaign: cap, and no time left",
        _with(occasions.campaign_recipient, occasions.sent_lately),
        SKIPPED,
        "weekly_marketing_cap",
    ),
    Case(
        "repeat invitation: cap",
        _with(occasions.repeat_invitation, occasions.sent_lately),
        PUT_OFF,
        "weekly_marketing_cap",
    ),
)


def measured(environment: BenchEnvironment, cases: Iterable[Case] = CASES) -> list[dict[str, Any]]:
    """A row for each case."""
    driver = _at_eleven(a_metered_driver(environment))
    rows = [_row(case, _lived(driver, case)) for case in cases]
    environment.drop(driver.table)
    return rows


def _at_eleven(driver: MeteredDriver) -> MeteredDriver:
    """The hour of all that is due on a day."""
    driver.clock.forward(hours=1)
    return driver


def _lived(driver: MeteredDriver, case: Case) -> Spent:
    """One client, whose item is due; the network's rules are at hand."""
    scene = Scene(driver, case.name)
    with driver.meter.step("laid out"):
        first, *others = case.make(scene)
        (item,) = driver.table.save(first)
        for value in others:
            driver.table.save(value)
        driver.mark_touches()
    before = len(driver.sender.sent)
    with driver.meter.step(case.name) as spent:
        driver.wake(item)
    with driver.meter.step("looking on"):
        _check(case, scene, item, len(driver.sender.sent) - before)
    return spent


def _check(case: Case, scene: Scene, item: Any, texts: int) -> None:
    existing = scene.driver.table.read(*scene.driver.table.locate(item)[:2])
    log = scene.driver.table.get_page(Message, network_id=scene.network_id, client_id=scene.client_id).items
    new = {(line.state.value, line.reason) for line in log if line.recorded_at == scene.now}
    put_off = {
        (touch.state, touch.reason)
        for touch in getattr(existing, "touches", {}).values()
        if touch.state is TouchState.DEFERRED
    }
    expected = {
        SENT: (1, {("sent", None)}, set()),
        SKIPPED: (0, {("skipped", case.why)}, set()),
        PUT_OFF: (0, set(), {(TouchState.DEFERRED, case.why)}),
    }
    assert (texts, new, put_off) == expected[case.comes_to], (case.name, texts, new, put_off)


def _row(case: Case, spent: Spent) -> dict[str, Any]:
    """What a lapse changes of the client's category is told apart: it is recorded whether there is a message
    or not."""
    return {
        "message": case.name,
        "comes_to": case.comes_to,
        "write": spent.write - spent.by_place["by_category"],
        "of_category": spent.by_place["by_category"],
        "of_table": spent.by_place["table"],
        "of_log": spent.by_place["by_salon"],
        "of_pointer": spent.by_place["wake"],
        "most": MAX_WRITTEN[case.comes_to],
        "read": spent.read,
        "reported_write": spent.reported_write,
        "reported_read": spent.reported_read,
        "dynamodb_calls": spent.dynamodb_calls,
        "largest_bytes": dict(sorted(spent.largest.items())),
    }


# --- with a budget


def budgeted(environment: BenchEnvironment, number: int) -> list[Figure]:
    """What a budget adds to a message that a worker wakes for alone, and to each of many due at once."""
    rules = Rules(messages=MessageRules(monthly_budget_usd_cents=100_000))
    plain, held = (_drained(environment, 1, each) for each in (None, rules))
    alone = held.write - plain.write
    plain, held = (_drained(environment, number, each) for each in (None, rules))
    write, read = (held.write - plain.write) / number, (held.read - plain.read) / number
    how = f"a network with a budget against one without; {number} due at once in {SHARDS} shards"
    return [
        Figure("budget: written more for a message alone", alone, "write units", None, "due by itself"),
        Figure("budget: written more for one of many", write, "write units", None, how),
        Figure("budget: read more for one of many", read, "read units", None, how),
    ]


def _drained(environment: BenchEnvironment, number: int, rules: Rules | None) -> Spent:
    """Every shard by a worker of its own."""
    driver = a_metered_driver(environment, rules=rules)
    lay_out(driver, due(driver, number))
    driver.world.directory(driver.network_id)
    with driver.meter.step("drained") as spent:
        for shard in driver.shards():
            drain_shard(driver.world, driver.handlers(driver.sending()), shard, lambda: True)
            driver.sending().budgets.close()
    assert len(driver.sender.sent) == number
    environment.drop(driver.table)
    return spent


def figures(
    rows: Sequence[dict[str, Any]], environment: BenchEnvironment, *, number: int = 240
) -> list[Figure]:
    of_rows = [
        _dearest(rows, comes_to, name, most)
        for comes_to, written in MAX_WRITTEN.items()
        for name, most in (("write", written), ("read", MAX_READ))
    ]
    return of_rows + budgeted(environment, number)


def _dearest(rows: Sequence[dict[str, Any]], comes_to: str, name: str, most: float) -> Figure:
    units = {row["message"]: row[name] for row in rows if row["comes_to"] == comes_to}
    each = ", ".join(f"{message} {spent:g}" for message, spent in units.items())
    dearest = max(units.values())
    return Figure(f"message {comes_to}: {name}, the dearest", dearest, f"{name} units", most, each)
