"""Two clients whom a push message does not reach, so that an SMS follows: from one phone the app was removed,
on the other nobody knows whether it was seen."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from chalicelib.domain.clients.clients import Client
from chalicelib.domain.messages.messages import Message
from chalicelib.store.table import Table
from infra.demo.day.story import CHISINAU, FIRST_FREE
from infra.demo.http import Caller, Http
from infra.demo.year.data import phone
from infra.layers import Progress


@dataclass(frozen=True)
class Reader:
    """number: of their phone, among the guests'. removed: whether the app is gone from it."""

    name: str
    number: int
    language: str
    title: str
    removed: bool


READERS = (
    Reader("Nina Florea", 30, "ro", "the app was removed from the phone", True),
    Reader("Рита Гончар", 31, "ru", "nobody tells whether the push arrived", False),
)


@dataclass(frozen=True)
class Cascade:
    """What was tried for one message, in its order."""

    title: str
    attempts: Sequence[Message]


class Cascades:
    """demo: as in demo.json. anchor: the demo's present hour. sns: of the local cloud."""

    def __init__(self, http: Http, demo: Mapping[str, Any], anchor: datetime, table: Table, sns: Any) -> None:
        self._demo, self._anchor, self._table, self._sns = demo, anchor, table, sns
        self._reception = Caller(http, demo["keys"]["reception"])

    def begin(self, progress: Progress) -> None:
        """Registers the clients with their devices, and makes an appointment for each: its notice goes out.
        Again: nothing more."""
        for reader in READERS:
            client = self._registered(reader)
            self._booked(reader, client)
            progress(f"{reader.name}: a device, an appointment; {reader.title}")

    def _registered(self, reader: Reader) -> str:
        body = {
            "name": reader.name, "phone": phone(CHISINAU, FIRST_FREE[CHISINAU] + reader.number),
            "language": reader.language,
        }  # fmt: skip
        client_id = str(self._reception.post("/v1/clients", body, f"reader-{reader.number}")["id"])
        device = {"platform": "android", "token": f"token-of-{reader.number}"}
        self._reception.put(f"/v1/clients/{client_id}/devices", device)
        if reader.removed:
            self._app_removed(client_id)
        return client_id

    def _app_removed(self, client_id: str) -> None:
        client = self._table.get(Client, network_id=self._demo["network_id"], id=client_id)
        for device in client.devices if client else ():
            self._sns.delete_endpoint(EndpointArn=device.endpoint)

    def _booked(self, reader: Reader, client_id: str) -> Any:
        ids = {service["name"]: service["id"] for service in self._demo["services"]}
        starts_at = (self._anchor + timedelta(days=3)).replace(minute=0, second=0)
        body = {
            "salon_id": self._demo["salons"][0]["id"], "client_id": client_id, "source": "phone",
            "starts_at": starts_at.isoformat(), "lines": [{"service_id": ids["Brow shaping"]}],
        }  # fmt: skip
        return self._reception.post("/v1/bookings", body, f"reading-{reader.number}")


def cascades_in(log: Sequence[Message]) -> list[Cascade]:
    """Whatever was tried through more than one channel."""
    tried: dict[tuple[str | None, str, int], list[Message]] = {}
    for message in sorted(log, key=lambda each: each.recorded_at):
        if message.to is not None:
            touch = (message.booking_id or message.client_id, message.kind.value, message.occurrence)
            tried.setdefault(touch, []).append(message)
    return [Cascade(_title(attempts), attempts) for attempts in tried.values() if len(attempts) > 1]


def _title(attempts: Sequence[Message]) -> str:
    to = {each.to for each in attempts}
    of_readers = {phone(CHISINAU, FIRST_FREE[CHISINAU] + each.number): each.title for each in READERS}
    found = (title for number, title in of_readers.items() if number in to)
    return next(found, "the carrier refused the SMS")
