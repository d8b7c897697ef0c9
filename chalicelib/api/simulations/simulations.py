"""Simulations: a proposed programme tried on the network's past, next to the present one."""

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, get, post
from chalicelib.api.http.schemas import Listing, PageOf
from chalicelib.api.simulations.simulation_schemas import (
    SimulationAnswer,
    SimulationRequest,
    SimulationSummary,
    full,
    proposed_of,
    summary,
)
from chalicelib.services.simulations.simulate_programme import (
    begin_simulation,
    get_simulation,
    list_simulations,
)


@post("/v1/programme/simulate")
@endpoint(roles=OFFICE, body=SimulationRequest, answer=SimulationAnswer, status=202)
def simulate(ask: Ask) -> SimulationAnswer:
    """Begins a simulation. The programme itself does not change. Read the progress and the result by the id:
    `stage`, `seen` and `result`."""
    request: SimulationRequest = ask.body
    simulation = begin_simulation(
        ask.world,
        ask.access,
        lambda present: proposed_of(request.bonuses, present),
        from_on=request.from_,
        to_on=request.to,
        warm_up_months=request.warm_up_months,
        redeem_share_percent=request.redeem_share_percent,
    )
    return full(simulation, None)


@get("/v1/programme/simulations")
@endpoint(roles=OFFICE, query=Listing, answer=PageOf[SimulationSummary])
def find(ask: Ask) -> PageOf[SimulationSummary]:
    """The simulations, the newest first."""
    page = list_simulations(ask.world, ask.access, limit=ask.query.limit, cursor=ask.query.cursor)
    return PageOf(items=[summary(each) for each in page.items], next_cursor=page.cursor)


@get("/v1/programme/simulations/{simulation_id}")
@endpoint(roles=OFFICE, answer=SimulationAnswer)
def see(ask: Ask, simulation_id: str) -> SimulationAnswer:
    return full(*get_simulation(ask.world, ask.access, simulation_id))
