"""MergeRequest clients who turn out to be one person, and undoing it."""

from chalicelib.api.clients.client_schemas import ClientAnswer, full
from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id
from chalicelib.api.loyalty.bonuses import EntryAnswer, entry_answer
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.merging.merge_clients import Merged, merge_clients, unmerge_clients


class MergeRequest(Body):
    """into: the client who stays."""

    into: Id


class MergedAnswer(Answered):
    """Both clients, and the entries by which points moved: that of the client, that of the other."""

    client: ClientAnswer
    other: ClientAnswer
    entries: list[EntryAnswer]


@post("/v1/clients/{client_id}/merge")
@endpoint(roles=OFFICE, body=MergeRequest, answer=MergedAnswer)
def merge(ask: Ask, client_id: str) -> MergedAnswer:
    """The client turned out to be another, who gets all that they have. The same again: as it stands."""
    for each_id in (client_id, ask.body.into):
        get_client(ask.world, ask.access, each_id)
    return _answer(ask, merge_clients(ask.world, ask.access, client_id, ask.body.into))


@post("/v1/clients/{client_id}/unmerge")
@endpoint(roles=OFFICE, answer=MergedAnswer)
def unmerge(ask: Ask, client_id: str) -> MergedAnswer:
    """They are two people after all: what had come to the other leaves again."""
    get_client(ask.world, ask.access, client_id)
    return _answer(ask, unmerge_clients(ask.world, ask.access, client_id))


def _answer(ask: Ask, done: Merged) -> MergedAnswer:
    return MergedAnswer(
        client=full(ask, done.client),
        other=full(ask, done.other),
        entries=[*map(entry_answer, done.entries)],
    )
