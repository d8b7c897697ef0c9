"""The network itself."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import UNSET, Meta, UnsetType
from msgspec.structs import replace

from chalicelib.api.http.endpoint import EVERYBODY, OFFICE, OWNER, Ask, endpoint, get, patch, post
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, CostOfMessage, Line, Word, given
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.email_proof import EmailProof
from chalicelib.domain.networks.network import Directory, Network, Role
from chalicelib.domain.networks.readiness import gaps_of
from chalicelib.domain.shared.errors import refused
from chalicelib.services.messages.mail_code import mail_code
from chalicelib.services.networks.count_in_trial import see_trial
from chalicelib.services.networks.go_live import go_live
from chalicelib.services.networks.prove_email import prove_email
from chalicelib.services.networks.set_up import change_network

Whole = Annotated[int, Meta(ge=-(10**12), le=10**12)]
Reviewable = Literal["connection", "texts", "hours", "budget", "programme"]


class IdentitiesRequest(Body):
    """The senders of messages, in place of the deployment's own, which null brings back. email: an address,
    to which a code is mailed; it is used once the code is entered. sms, whatsapp: an owner only gives them
    up, since whoever runs the deployment gives them out."""

    sms: Line | UnsetType | None = UNSET
    whatsapp: Line | UnsetType | None = UNSET
    email: Line | UnsetType | None = UNSET


class NetworkChanges(Body):
    """country: ISO 3166 alpha-2, whose phone numbers may be written without a code. language: ru, ro or
    en. timezone: IANA name of the zone at whose midnights points expire; null: that of the first salon.
    identities: of the channels that are named. reviewed: parts of the set-up that the owner has looked at;
    they are no longer missing."""

    name: Line | UnsetType = UNSET
    country: str | UnsetType = UNSET
    language: str | UnsetType = UNSET
    timezone: Word | UnsetType | None = UNSET
    identities: IdentitiesRequest | UnsetType = UNSET
    reviewed: Annotated[list[Reviewable], Meta(max_length=20)] | UnsetType = UNSET
    version: Whole | UnsetType = UNSET


class GapAnswer(Answered):
    item: str
    says: str


class CodeRequest(Body):
    """code: as it was mailed, in any case, with or without dashes."""

    code: Line


class PendingAddressAnswer(Answered):
    """An address that is used once its code is entered. tries_left: of the code that was mailed last."""

    address: str
    expires_at: datetime | None
    tries_left: int


class NetworkAnswer(Answered):
    """live: whether messages go out and points are given. missing: what the set-up lacks; it advises, and
    stops nobody from going live but for a salon. pending_email: shown to the owner."""

    id: str
    name: str
    country: str
    language: str
    timezone: str | None
    identities: dict[str, str]
    pending_email: PendingAddressAnswer | None
    created_at: datetime
    rules_version: int
    live: bool
    missing: list[GapAnswer]
    reviewed: list[str]
    version: int


class MessageSumAnswer(Answered):
    """The messages of a kind and channel that would have gone out, with their expected cost."""

    kind: str
    channel: str
    messages: int
    parts: int
    cost: CostOfMessage


class TrialSummaryAnswer(Answered):
    """What a trial would have sent and given since `since`. points: by the kind of the ledger's entry;
    `reversal` is negative. live_since, live_by: null in trial, and of a network that never was in trial."""

    live: bool
    since: datetime
    live_since: datetime | None
    live_by: str | None
    messages: list[MessageSumAnswer]
    cost: CostOfMessage
    visits: int
    points: dict[str, int]
    coupons: int
    missing: list[GapAnswer]


def _answer(access: Access, network: Network, directory: Directory) -> NetworkAnswer:
    return NetworkAnswer(
        id=network.network_id,
        name=network.name,
        country=network.country,
        language=network.language,
        timezone=network.timezone,
        identities=dict(network.identities),
        pending_email=_pending(network.email_proof) if access.role is Role.OWNER else None,
        created_at=network.created_at,
        rules_version=network.rules_version,
        live=not network.trial,
        missing=_missing(directory),
        reviewed=list(network.reviewed),
        version=network.version,
    )


def _pending(proof: EmailProof | None) -> PendingAddressAnswer | None:
    if proof is None or proof.address is None or proof.proven:
        return None
    return PendingAddressAnswer(
        address=proof.address, expires_at=proof.expires_at, tries_left=proof.tries_left
    )


def _missing(directory: Directory) -> list[GapAnswer]:
    return [GapAnswer(item=gap.item, says=gap.says) for gap in gaps_of(directory)]


def _after(ask: Ask, network: Network) -> NetworkAnswer:
    """The answer after a change: the network as it was saved."""
    directory = replace(ask.world.directory(ask.access.network_id), network=network)
    return _answer(ask.access, network, directory)


@get("/v1/network")
@endpoint(roles=EVERYBODY, answer=NetworkAnswer)
def see(ask: Ask) -> NetworkAnswer:
    directory = ask.world.directory(ask.access.network_id)
    return _answer(ask.access, directory.network, directory)


@post("/v1/network/live")
@endpoint(roles=OWNER, answer=NetworkAnswer)
def live(ask: Ask) -> NetworkAnswer:
    """Messages go out and points are given from now on. A network that is live stays as it is."""
    return _after(ask, go_live(ask.world, ask.access))


@get("/v1/network/trial")
@endpoint(roles=OFFICE, answer=TrialSummaryAnswer)
def trial(ask: Ask) -> TrialSummaryAnswer:
    """The sums of all that the network would have sent and given in its trial."""
    tally = see_trial(ask.world, ask.access)
    directory = ask.world.directory(ask.access.network_id)
    network = directory.network
    return TrialSummaryAnswer(
        live=not network.trial,
        since=network.created_at,
        live_since=network.live_since,
        live_by=network.live_by,
        messages=[
            MessageSumAnswer(
                kind=each.kind,
                channel=each.channel,
                messages=each.messages,
                parts=each.parts,
                cost=CostOfMessage(amount_micros=each.cost_micros),
            )
            for each in tally.messages
        ],
        cost=CostOfMessage(amount_micros=sum(each.cost_micros for each in tally.messages)),
        visits=tally.visits,
        points=dict(tally.points),
        coupons=tally.coupons,
        missing=_missing(directory),
    )


@patch("/v1/network")
@endpoint(roles=OWNER, body=NetworkChanges, answer=NetworkAnswer)
def change(ask: Ask) -> NetworkAnswer:
    """Another e-mail address is mailed a code, and is pending until the code is entered."""
    changes = given(ask.body)
    if "identities" in changes:
        changes["identities"] = given(changes["identities"])
    address = changes.get("identities", {}).get("email")
    senders = ask.container.sending().senders if address else {}
    if address and "email" not in senders:
        raise refused("NO_CHANNEL", "Messages cannot leave by this channel here.", channel="email")
    network = change_network(ask.world, ask.access, changes, ask.container.own_identities())
    if address and network.email_proof is not None and network.email_proof.is_pending:
        from chalicelib.texts.code_mail import code_mail

        network = mail_code(ask.world, senders, code_mail, network.network_id)
    return _after(ask, network)


@post("/v1/network/identities/email/verify")
@endpoint(roles=OWNER, body=CodeRequest, answer=NetworkAnswer)
def verify(ask: Ask) -> NetworkAnswer:
    """Enters the code that was mailed to the pending address: from now on the network sends from there."""
    return _after(ask, prove_email(ask.world, ask.access, ask.body.code))
