"""What whoever knows the address of a site that does not sign can send: YCLIENTS and Altegio, as their bodies
look; and a salon that takes it in with the real adapters."""

import json
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from msgspec import Struct

from chalicelib.booking_sites import ADAPTERS
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.domain.networks.network import Connection
from chalicelib.services.intake.ingest import Intake, ingest
from chalicelib.services.intake.receive_webhook import Receiving, WebhookReceipt, receive
from chalicelib.services.shared.day_sums import DaySums
from infra.testkit.builders import NOW
from infra.testkit.salon_driver import SalonDriver

COMPANY = 71001


def stamp(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def a_record(
    record_id: int = 880001,
    *,
    client: Mapping[str, Any] | None = None,
    services: list[dict[str, Any]] | None = None,
    changed: datetime = NOW,
    company: int = COMPANY,
    kind: str = "create",
    **data: Any,
) -> dict[str, Any]:
    """A booking in two days, of one service, unless said otherwise; a visit that took place or was missed, at
    the moment."""
    is_over = data.get("attendance") in (1, -1)
    given: dict[str, Any] = {
        "id": record_id,
        "services": [{"id": 31, "title": "Haircut", "cost": 500}] if services is None else services,
        "client": client or {"id": record_id, "name": "Somebody", "phone": "37369000111"},
        "date": f"{NOW + timedelta(days=0 if is_over else 2):%Y-%m-%d %H:%M:%S}",
        "seance_length": 3600,
        "attendance": 0,
        "last_change_date": stamp(changed),
    }
    envelope = {"company_id": company, "resource": "record", "resource_id": record_id, "status": kind}
    return {**envelope, "data": {**given, **data}}


def a_card(client_id: int, *, changed: datetime = NOW, company: int = COMPANY, **data: Any) -> dict[str, Any]:
    """What the site's file of a client says."""
    envelope = {"company_id": company, "resource": "client", "resource_id": client_id, "status": "update"}
    return {**envelope, "data": {"id": client_id, "last_change_date": stamp(changed), **data}}


class UnsignedSender(Struct):
    """Sends to one connection of a salon."""

    driver: SalonDriver
    connection: Connection

    def receiving(self) -> Receiving:
        return Receiving(self.driver.world, ADAPTERS, self.driver.intake_queue, lambda: self.driver.base_url)

    def deliver(self, body: Any, sent_from: str | None = None) -> WebhookReceipt:
        """What the sender is answered."""
        raw = json.dumps(body, separators=(",", ":")).encode()
        site, token = self.connection.site, self.connection.token
        return receive(self.receiving(), site, token, raw, {}, sent_from)

    def take_in(self, inbox_id: str, sums: DaySums | None = None) -> InboxItem:
        """sums: what the process has counted; else the process is new."""
        driver, network_id = self.driver, self.connection.network_id
        intake = Intake(driver.world, ADAPTERS, lambda: driver.base_url, sums or DaySums())
        ingest(intake, network_id, inbox_id)
        found: InboxItem = driver.store.get(InboxItem, network_id=network_id, id=inbox_id)
        return found

    def send(self, body: Any, sums: DaySums | None = None) -> InboxItem:
        """The delivery as it stands after it was taken in."""
        return self.take_in(self.deliver(body).inbox_id, sums)
