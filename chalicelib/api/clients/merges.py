"""Merge clients who turn out to be one person, and undo a merge. `client` is the source, `other` the
target."""

from chalicelib.api.clients.client_schemas import ClientAnswer, full
from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id
from chalicelib.api.loyalty.bonuses import EntryAnswer, entry_answer
from chalicelib.services.clients.register_client import get_client
from chalicelib.services.merging.merge_clients import merge_clients
from chalicelib.services.merging.merge_context import MergedClients
from chalicelib.services.merging.unmerge_clients import unmerge_clients


class MergeRequest(Body):
    """into: the target, who stays."""

    into: Id


class MergedAnswer(Answered):
    """Source and target, and the entries by which points moved: the source's, then the target's."""

    client: ClientAnswer
    other: ClientAnswer
    entries: list[EntryAnswer]


@post("/v1/clients/{client_id}/merge")
@endpoint(roles=OFFICE, body=MergeRequest, answer=MergedAnswer)
def merge(ask: Ask, client_id: str) -> MergedAnswer:
    """Merges this client (the source) into another (the target), who gets all that the source has. A
    repetition answers the existing merge."""
    for each_id in (client_id, ask.body.into):
        get_client(ask.world, ask.access, each_id)
    return _answer(ask, merge_clients(ask.world, ask.access, client_id, ask.body.into))


@post("/v1/clients/{client_id}/unmerge")
@endpoint(roles=OFFICE, answer=MergedAnswer)
def unmerge(ask: Ask, client_id: str) -> MergedAnswer:
    """Undoes the merge of this client (the source): what the target got by the merge returns to the
    source."""
    get_client(ask.world, ask.access, client_id)
    return _answer(ask, unmerge_clients(ask.world, ask.access, client_id))


def _answer(ask: Ask, merged: MergedClients) -> MergedAnswer:
    return MergedAnswer(
        client=full(ask, merged.source),
        other=full(ask, merged.target),
        entries=[*map(entry_answer, merged.entries)],
    )
