"""The web service that Apple Wallet asks of an issuer: https://developer.apple.com/documentation/walletpasses.

A device registers a pass, asks which of its passes have changed, and fetches a pass. It shows the token that
came with the pass. Each network has an address of its own, so that each request reads one partition.
"""

from typing import Any

import msgspec
from chalice.app import Request
from msgspec.structs import replace

from chalicelib.api.http.container import container
from chalicelib.api.http.endpoint import Answer, delete, get, post, public, raw_body
from chalicelib.api.http.kept import kept_of
from chalicelib.api.loyalty.wallet import pkpass_answer, service_of
from chalicelib.domain.clients.client_plan import language_of
from chalicelib.domain.shared.errors import malformed, missing
from chalicelib.domain.shared.quotas import CallerKind
from chalicelib.logs import logger
from chalicelib.passes import apple_pass
from chalicelib.passes.apple_pass import AppleIssuer
from chalicelib.services.loyalty.passes import (
    ensure_holder,
    get_pass_client,
    pass_of,
    passes_changed_since,
    register_device,
    unregister_device,
)
from chalicelib.services.loyalty.show_card import card_of

_PASSES = "/w/apple/{network}/v1/passes/{pass_type}/{serial}"
_DEVICE = "/w/apple/{network}/v1/devices/{device}/registrations/{pass_type}"
MAX_BODY = 4096
MAX_TAGS = 2000
MAX_LINES, MAX_LINE = 5, 200


class RegisterDeviceRequest(msgspec.Struct):
    pushToken: str


class NewPasses(msgspec.Struct):
    serialNumbers: list[str]
    lastUpdated: str


class Lines(msgspec.Struct):
    logs: list[str]


def _issuer(pass_type: str) -> AppleIssuer:
    issuer = container().wallets().apple
    if issuer is None or issuer.pass_type != pass_type:
        raise missing("pass", "")
    return issuer


def _owner(request: Request, network: str, serial: str) -> tuple[str, str]:
    """The network id and the client id of the pass. Raises UNAUTHENTICATED without the token of that pass."""
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    network_id, client_id = ensure_holder(
        container().links(), serial, token.strip() if scheme == "ApplePass" else ""
    )
    if network_id != f"net_{network}":
        raise missing("pass", serial)
    return network_id, client_id


def _body(request: Request, shape: Any) -> Any:
    raw = raw_body(request)
    try:
        if len(raw) > MAX_BODY:
            raise ValueError("too long")
        return msgspec.json.decode(raw, type=shape)
    except (ValueError, msgspec.MsgspecError) as error:
        raise malformed("MALFORMED_JSON", "The body is not what Apple Wallet sends.") from error


@post(_DEVICE + "/{serial}")
@public(body=RegisterDeviceRequest, status=201)
def register(request: Request, network: str, device: str, pass_type: str, serial: str) -> Answer:
    """201: the device is registered for the pass; 200: it was registered already."""
    _issuer(pass_type)
    network_id, client_id = _owner(request, network, serial)
    body: RegisterDeviceRequest = _body(request, RegisterDeviceRequest)
    world = container().world()
    kept_of(world).quotas.count(network_id, f"client:{client_id}", CallerKind.CLIENT_LINK)
    get_pass_client(world, network_id, client_id)
    new = register_device(world, network_id, client_id, device, body.pushToken)
    return Answer({}, 201 if new else 200)


@delete(_DEVICE + "/{serial}")
@public()
def unregister(request: Request, network: str, device: str, pass_type: str, serial: str) -> Answer:
    _issuer(pass_type)
    network_id, client_id = _owner(request, network, serial)
    unregister_device(container().world(), network_id, client_id, device)
    return Answer({}, 200)


@get(_DEVICE)
@public(answer=NewPasses)
def what_is_new(request: Request, network: str, device: str, pass_type: str) -> Answer:
    """The serials of changed passes; 204: there are none. The device shows no token: only the device knows
    its name."""
    _issuer(pass_type)
    tags = (request.query_params or {}).get("passesUpdatedSince") or ""
    new, now = passes_changed_since(
        container().world(), container().links(), f"net_{network}", device, tags[:MAX_TAGS]
    )
    return Answer({"serialNumbers": new, "lastUpdated": now}) if new else Answer("", 204)


@get(_PASSES)
@public(gives=apple_pass.MEDIA_TYPE)
def newest(request: Request, network: str, pass_type: str, serial: str) -> Answer:
    issuer = _issuer(pass_type)
    network_id, client_id = _owner(request, network, serial)
    world, links = container().world(), container().links()
    client = get_pass_client(world, network_id, client_id)
    shown = replace(pass_of(world, card_of(world, client), links), serial=serial)
    language = language_of(client, world.directory(network_id))
    return pkpass_answer(apple_pass.pkpass(shown, language, issuer, service_of(links, network_id, serial)))


@post("/w/apple/{network}/v1/log")
@public(body=Lines)
def log(request: Request, network: str) -> Answer:
    """Logs messages of devices. Lines are few and cut, since anybody can send them."""
    if container().wallets().apple is None:
        raise missing("pass", "")
    body: Lines = _body(request, Lines)
    for line in body.logs[:MAX_LINES]:
        logger().info("a wallet says", extra={"line": line[:MAX_LINE]})
    return Answer({}, 200)
