"""The network itself."""

from datetime import datetime
from typing import Annotated

from msgspec import UNSET, Meta, UnsetType

from chalicelib.api.http.endpoint import EVERYBODY, OWNER, Ask, endpoint, get, patch
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, Line, Word, given
from chalicelib.domain.networks.network import Network
from chalicelib.services.networks.set_up import change_network

Whole = Annotated[int, Meta(ge=-(10**12), le=10**12)]


class IdentitiesRequest(Body):
    """The senders of messages, in place of the deployment's own, which null brings back. sms: a phone, a pool
    or a sender id; whatsapp: a phone number's id or ARN; email: an address."""

    sms: Line | UnsetType | None = UNSET
    whatsapp: Line | UnsetType | None = UNSET
    email: Line | UnsetType | None = UNSET


class NetworkChanges(Body):
    """country: ISO 3166 alpha-2, whose phone numbers may be written without a code. language: ru, ro or
    en. timezone: IANA name of the zone at whose midnights points expire; null: that of the first salon.
    identities: of the channels that are named."""

    name: Line | UnsetType = UNSET
    country: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    timezone: Word | UnsetType | None = UNSET
    identities: IdentitiesRequest | UnsetType = UNSET
    version: Whole | UnsetType = UNSET


class NetworkAnswer(Answered):
    id: str
    name: str
    country: str
    language: str
    timezone: str | None
    identities: dict[str, str]
    created_at: datetime
    rules_version: int
    version: int


def _answer(network: Network) -> NetworkAnswer:
    return NetworkAnswer(
        id=network.network_id,
        name=network.name,
        country=network.country,
        language=network.language,
        timezone=network.timezone,
        identities=dict(network.identities),
        created_at=network.created_at,
        rules_version=network.rules_version,
        version=network.version,
    )


@get("/v1/network")
@endpoint(roles=EVERYBODY, answer=NetworkAnswer)
def see(ask: Ask) -> NetworkAnswer:
    return _answer(ask.world.directory(ask.access.network_id).network)


@patch("/v1/network")
@endpoint(roles=OWNER, body=NetworkChanges, answer=NetworkAnswer)
def change(ask: Ask) -> NetworkAnswer:
    changes = given(ask.body)
    if "identities" in changes:
        changes["identities"] = given(changes["identities"])
    return _answer(change_network(ask.world, ask.access, changes))
