"""Ask for a report: what the key reaches is put into the question, and an engine makes the figures."""

from collections.abc import Sequence
from datetime import date

from msgspec.structs import replace

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Role
from chalicelib.domain.networks.partly_readable import PartlyReadable
from chalicelib.domain.reports.questions import Question
from chalicelib.domain.reports.report_forms import is_of_staff
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.errors import forbidden, missing, refused
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.networks.set_up import get_salon
from chalicelib.services.reports.report_engine import ReportEngine, ReportOrClients
from chalicelib.services.shared.world import World


def ask_report(world: World, access: Access, engine: ReportEngine, question: Question) -> ReportOrClients:
    """The report, or the clients behind a figure, of what the key reaches: a manager's salons, a specialist's
    own visits.

    Raises NOT_FOUND, FORBIDDEN, NO_SALON, what `settled` raises, and what the engine raises. A question that
    makes no sense is refused before the engine is asked."""
    reached = _within_reach(world, access, question)
    settled(reached, first_today(world, world.directory(access.network_id)))
    return engine.report(access.network_id, reached)


def first_today(world: World, directory: Directory) -> date:
    """The earliest local date that it is now in a salon of the network. Raises NO_SALON, and Unreadable for a
    salon that cannot be read: its visits would be missing in every figure."""
    now = world.now()
    if isinstance(directory.salons, PartlyReadable):
        for error in directory.salons.unreadable.values():
            raise error.again()
    if not directory.salons:
        raise refused("NO_SALON", "The network has no salon yet: POST /v1/salons adds one.")
    return min(local_date(now, salon.timezone) for salon in directory.salons.values())


def ensure_known(directory: Directory, question: Question) -> None:
    """Raises NOT_FOUND for a salon, a specialist or a service that the network does not have."""
    for what, named, known in (
        *(("salon", salon_id, directory.salons) for salon_id in question.salon_ids or ()),
        ("staff member", question.staff_id, directory.staff),
        ("service", question.service_id, directory.services),
    ):
        if named and named not in known:
            raise missing(what, named)


def clients_by_id(world: World, network_id: str, client_ids: Sequence[str]) -> dict[str, Client]:
    """The clients of those ids; those that are gone are left out."""
    return {client.id: client for client in world.store.clients_named(network_id, client_ids)}


def _within_reach(world: World, access: Access, question: Question) -> Question:
    directory = world.directory(access.network_id)
    for salon_id in question.salon_ids or ():
        get_salon(world, access, salon_id)
    ensure_known(directory, question)
    if access.role is Role.SPECIALIST:
        if not is_of_staff(question.report):
            raise forbidden("A specialist sees their own figures only. This report tells none of them.")
        if question.staff_id not in (None, access.staff_id):
            raise forbidden("A specialist sees their own figures only.", staff_id=question.staff_id)
        question = replace(question, staff_id=access.staff_id)
    if question.salon_ids is None and access.salon_ids:
        reached = tuple(sorted(each for each in access.salon_ids if each in directory.salons))
        question = replace(question, salon_ids=reached)
    return question
