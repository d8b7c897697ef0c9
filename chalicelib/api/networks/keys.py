"""API keys: the owner makes, lists and revokes them. A key's secret is shown once, when it is made."""

from datetime import datetime

from chalicelib.api.http.endpoint import OWNER, Answer, Ask, delete, endpoint, get, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Id, Line, Listing, PageOf, Word, in_pages
from chalicelib.api.http.seeded_randomness import seeded_randomness
from chalicelib.domain.networks.network import Key, Role
from chalicelib.services.networks.manage_keys import KeyScope, list_keys, make_key, revoke_key


class NewKey(Body):
    """salon_ids empty: all salons. A specialist's key names its staff_id, a partner's its source."""

    role: Role
    name: Line
    salon_ids: tuple[Id, ...] = ()
    staff_id: Id | None = None
    source: Word | None = None


class KeyAnswer(Answered):
    id: str
    role: Role
    name: str
    salon_ids: tuple[str, ...]
    staff_id: str | None
    source: str | None
    created_at: datetime
    revoked_at: datetime | None


class MadeKey(KeyAnswer):
    """secret: what goes behind `Authorization: Bearer`. It is not kept, and cannot be shown again."""

    secret: str


def _facts(key: Key) -> dict[str, object]:
    return {name: getattr(key, name) for name in KeyAnswer.__struct_fields__}


@post("/v1/keys")
@endpoint(roles=OWNER, body=NewKey, answer=MadeKey, status=201, keeps_answer=False)
def make(ask: Ask) -> MadeKey:
    body: NewKey = ask.body
    key, secret = make_key(
        ask.world,
        ask.access.network_id,
        body.role,
        KeyScope(body.salon_ids, body.staff_id, body.source),
        name=body.name,
        randomness=seeded_randomness(ask),
    )
    return MadeKey(**_facts(key), secret=secret)


@get("/v1/keys")
@endpoint(roles=OWNER, query=Listing, answer=PageOf[KeyAnswer])
def list_all(ask: Ask) -> PageOf[KeyAnswer]:
    found = list_keys(ask.world, ask.access.network_id)
    return in_pages((KeyAnswer(**_facts(key)) for key in found), ask.query)


@delete("/v1/keys/{key_id}")
@endpoint(roles=OWNER, status=204)
def revoke(ask: Ask, key_id: str) -> Answer:
    """After a minute at most the key opens nothing."""
    revoke_key(ask.world, ask.access.network_id, key_id)
    return Answer(None, 204)
