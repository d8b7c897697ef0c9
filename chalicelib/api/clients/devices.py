"""The devices on which a client takes push messages: register one, see them, take one away."""

from datetime import datetime
from typing import Annotated, Literal

from msgspec import Meta

from chalicelib.api.http.endpoint import DESK, Ask, delete, endpoint, get, put
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, PageOf
from chalicelib.domain.clients.clients import Client
from chalicelib.domain.networks.network import Role
from chalicelib.services.clients.devices import add_device, remove_device
from chalicelib.services.clients.register_client import get_client

BY_APP = DESK | {Role.PARTNER}


class DeviceRequest(Body):
    """token: what the app was given by its platform; to be sent again whenever it changes."""

    platform: Literal["android", "ios", "web"]
    token: Annotated[str, Meta(pattern=r"^[!-~]{8,4096}$")]


class DeviceAnswer(Answered):
    """endpoint: the end of the device's address at the push service, by which devices differ."""

    id: str
    platform: str
    endpoint: str
    failing: bool
    at: datetime


@put("/v1/clients/{client_id}/devices")
@endpoint(roles=BY_APP, body=DeviceRequest, answer=PageOf[DeviceAnswer])
def register_device(ask: Ask, client_id: str) -> PageOf[DeviceAnswer]:
    """Answers with all devices of the client, the newest first; at most five are kept."""
    request: DeviceRequest = ask.body
    registry = ask.container.push_registry()
    return _devices(add_device(ask.world, ask.access, registry, client_id, request.platform, request.token))


@get("/v1/clients/{client_id}/devices")
@endpoint(roles=BY_APP, answer=PageOf[DeviceAnswer])
def devices(ask: Ask, client_id: str) -> PageOf[DeviceAnswer]:
    """The newest first."""
    return _devices(get_client(ask.world, ask.access, client_id))


@delete("/v1/clients/{client_id}/devices/{device_id}")
@endpoint(roles=BY_APP, answer=PageOf[DeviceAnswer])
def forget_device(ask: Ask, client_id: str, device_id: str) -> PageOf[DeviceAnswer]:
    """Answers with the devices that are left."""
    return _devices(remove_device(ask.world, ask.access, client_id, device_id))


def _devices(client: Client) -> PageOf[DeviceAnswer]:
    dead = {each.address for each in client.dead_addresses if each.channel == "push"}
    return PageOf(
        items=[
            DeviceAnswer(
                id=device.id,
                platform=device.platform,
                endpoint=f"***{device.endpoint[-6:]}",
                failing=device.endpoint in dead,
                at=device.at,
            )
            for device in reversed(client.devices)
        ]
    )
