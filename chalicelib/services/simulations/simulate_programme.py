"""Try a programme on the network's past before it takes effect: begin a simulation, read its progress and
result."""

from collections.abc import Callable
from datetime import date, timedelta

from msgspec.structs import replace

from chalicelib.domain.loyalty.programme import day_end
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.bonus_rules import BonusRules
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import conflict, missing, refused
from chalicelib.domain.shared.months import first_day_of_month, month_number
from chalicelib.domain.shared.waking import Wake
from chalicelib.domain.shared.zones import day_start, local_date
from chalicelib.domain.simulations.past_visits import Span
from chalicelib.domain.simulations.simulations import Simulation
from chalicelib.domain.waking.walks import Simulating, Walk, WalkKind
from chalicelib.services.networks.check_rules import check_rules
from chalicelib.services.shared.ports import Page, SaveConflict
from chalicelib.services.shared.world import World

MAX_MONTHS = 36
MAX_WARM_UP_MONTHS = 24
WARM_UP_MONTHS = 12
_LOOKED_BACK = 20
_EARLIEST = date(2000, 1, 1)


def begin_simulation(
    world: World,
    access: Access,
    propose: Callable[[BonusRules], BonusRules],
    *,
    from_on: date | None = None,
    to_on: date | None = None,
    warm_up_months: int | None = None,
    redeem_share_percent: int | None = None,
) -> Simulation:
    """Begins to simulate a period under the proposed programme and the present one.

    propose               makes the proposed rules from the present ones.
    from_on, to_on        local dates of the network, both included; by default the last twelve full months.
    warm_up_months        how long before the period both programmes begin; by default twelve months, or as
                          many as tiers look back.
    redeem_share_percent  see Span.

    One simulation runs at a time. The same request returns the running one. Raises FORBIDDEN, INVALID_RULE,
    INVALID_PERIOD, SIMULATION_RUNNING.
    """
    access.ensure_whole_network()
    directory = world.fresh_directory(access.network_id)
    rules = directory.network.rules
    proposed = propose(rules.bonuses)
    check_rules(replace(rules, bonuses=proposed), directory, rules)
    today = local_date(world.now(), directory.zone)
    first, last = _period(from_on, to_on, today)
    if warm_up_months is None:
        warm_up_months = max(WARM_UP_MONTHS, _window(rules.bonuses), _window(proposed))
    span = _span(directory, first, last, warm_up_months, redeem_share_percent)
    simulation = Simulation(
        network_id=access.network_id,
        id=world.new_id("sim"),
        walk_id=world.new_id("wlk"),
        begun_at=world.now(),
        actor=access.actor,
        present=rules.bonuses,
        proposed=proposed,
        from_on=first,
        to_on=last,
        span=span,
    )
    return _find_running(world, simulation) or _begin(world, simulation)


def _period(from_on: date | None, to_on: date | None, today: date) -> tuple[date, date]:
    """The first and the last day; by default the last twelve full months. Raises INVALID_PERIOD."""
    for field, day in (("from", from_on), ("to", to_on)):
        if day is not None and day < _EARLIEST:
            raise _invalid(field, f"Nothing is known of the time before {_EARLIEST}.")
    last = to_on or today.replace(day=1) - timedelta(days=1)
    if last >= today:
        raise _invalid("to", "A programme is tried on days that are over: end yesterday or before.")
    first = from_on or _months_before(last + timedelta(days=1), 12)
    if first > last:
        raise _invalid("from", "The period begins before it ends.")
    if month_number(last) - month_number(first) >= MAX_MONTHS:
        raise _invalid("from", f"The period touches at most {MAX_MONTHS} calendar months.")
    return first, last


def _invalid(field: str, message: str) -> Exception:
    return refused("INVALID_PERIOD", message, field=field)


def _months_before(day: date, months: int) -> date:
    """The first of the month so many before that day's."""
    return first_day_of_month(month_number(day) - months)


def _window(rules: BonusRules) -> int:
    """How many months a programme's tiers look back."""
    return max((each.tiers_months for each in (rules, *rules.programmes) if each.tiers), default=0)


def _span(directory: Directory, first: date, last: date, warm_up_months: int, share: int | None) -> Span:
    zone = directory.zone
    warm_on = _months_before(first, warm_up_months) if warm_up_months else first
    return Span(
        warm_from=day_start(warm_on, zone),
        since=day_start(first, zone),
        until=day_end(last, zone),
        zone=zone,
        redeem_share_percent=share,
        birthday_days_before=directory.network.rules.messages.birthday_days_before,
    )


def _find_running(world: World, wanted: Simulation) -> Simulation | None:
    """The running simulation with the same inputs; None: no simulation runs. A simulation whose walk is
    parked does not count as running. Raises SIMULATION_RUNNING where another one runs."""
    for other in world.store.get_page(Simulation, network_id=wanted.network_id, limit=_LOOKED_BACK).items:
        walk = (
            world.store.get(Walk, network_id=other.network_id, id=other.walk_id)
            if other.finished_at is None
            else None
        )
        if walk is None or walk.wake is None:
            continue
        if _inputs(other) == _inputs(wanted):
            return other
        raise conflict("SIMULATION_RUNNING", "A simulation is under way; wait for its end.", id=other.id)
    return None


def _inputs(simulation: Simulation) -> tuple[object, ...]:
    return simulation.present, simulation.proposed, simulation.span


def _begin(world: World, simulation: Simulation) -> Simulation:
    now = world.now()
    walk = Walk(
        network_id=simulation.network_id,
        id=simulation.walk_id,
        state=Simulating(simulation.id),
        begun_at=now,
        wake=Wake(now, WalkKind.SIMULATE.value),
    )
    try:
        saved: tuple[Simulation, Walk[Simulating]] = world.store.save(simulation, walk)
    except SaveConflict:  # with our own first write, if its answer was lost and botocore has repeated it
        existing = world.store.get(Simulation, network_id=simulation.network_id, id=simulation.id)
        if existing is None:
            raise
        return existing
    world.wake_queue.wake_item(saved[1])
    return saved[0]


def get_simulation(
    world: World, access: Access, simulation_id: str
) -> tuple[Simulation, Walk[Simulating] | None]:
    """A simulation and its walk. Raises FORBIDDEN, NOT_FOUND."""
    access.ensure_whole_network()
    simulation = world.store.get(Simulation, network_id=access.network_id, id=simulation_id)
    if simulation is None:
        raise missing("simulation", simulation_id)
    return simulation, world.store.get(Walk, network_id=access.network_id, id=simulation.walk_id)


def list_simulations(world: World, access: Access, *, limit: int, cursor: str | None) -> Page[Simulation]:
    """The simulations, the newest first. Raises FORBIDDEN."""
    access.ensure_whole_network()
    return world.store.get_page(Simulation, network_id=access.network_id, limit=limit, cursor=cursor)
