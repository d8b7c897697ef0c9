"""The queues by which functions call each other. All are FIFO, so that a repeated call counts once."""

import hashlib
import json
import logging
from collections.abc import Callable
from datetime import datetime
from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from chalicelib.domain.facts.fact_pages import FactPage
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.services.shared.ports import Woken

log = logging.getLogger(__name__)

HALF_A_MINUTE = 30
Locate = Callable[[Any], tuple[str, str, str]]
"""Partition key, sort key and wake shard of a value."""


class SqsWakeQueue:
    """Messages `{"shard"}` (drain the shard) and `{"shard", "pk", "sk"}` (wake that item), grouped by shard,
    so that a shard has one worker.

    client: gives the botocore client; called only when something is sent.
    """

    def __init__(self, client: Callable[[], Any], url: str, locate: Locate) -> None:
        self._client, self._url, self._locate = client, url, locate

    def wake_item(self, value: Woken) -> None:
        pk, sk, shard = self._locate(value)
        body = {"shard": shard, "pk": pk, "sk": sk}
        try:
            self._send(body, f"{pk}#{sk}#{value.version}")
        except (BotoCoreError, ClientError):
            log.warning("an item was not woken at once; the next sweep finds it", exc_info=True)

    def wake_shard(self, shard: str, at: datetime) -> None:
        """Asks for a drain, once in each half minute. A schedule that fires twice counts once; two sweeps,
        the first of them late, both count."""
        self._send({"shard": shard}, f"{shard}#{int(at.timestamp()) // HALF_A_MINUTE}")

    def go_on(self, shard: str, after: str) -> None:
        """Hands a shard over to another worker. after: makes this hand-over differ from others."""
        self._send({"shard": shard}, f"{shard}#{after}")

    def _send(self, body: dict[str, str], once: str) -> None:
        _send(self._client(), self._url, body, group=body["shard"], once=once)


class SqsIntakeQueue:
    """Messages `{"network_id", "inbox_id"}`, grouped by connection, so that a site's events are ingested one
    after another."""

    def __init__(self, client: Callable[[], Any], url: str) -> None:
        self._client, self._url = client, url

    def ingest(self, item: InboxItem) -> None:
        body = {"network_id": item.network_id, "inbox_id": item.id}
        _send(self._client(), self._url, body, group=item.connection_id, once=f"{item.id}#{item.version}")


class SqsRenewalQueue:
    """Messages `{"network_id", "table", "salon_id", "month", "whole"}`, grouped by page, so that a page has
    one worker. whole: "yes", or empty. The other messages are `{"network_id", "metric_id"}`, grouped by
    metric."""

    def __init__(self, client: Callable[[], Any], url: str) -> None:
        self._client, self._url = client, url

    def renew(self, page: FactPage, *, whole: bool = False) -> None:
        wanted = "yes" if whole else ""
        names = {
            "network_id": page.network_id,
            "table": page.table,
            "salon_id": page.salon_id,
            "month": page.month,
        }
        once = f"{page.network_id}#{page.id}#{page.version}#{wanted}"
        _send(self._client(), self._url, {**names, "whole": wanted}, group=page.id, once=once)

    def measure(self, network_id: str, metric_id: str, version: int) -> None:
        body = {"network_id": network_id, "metric_id": metric_id}
        once = f"{network_id}#{metric_id}#{version}"
        _send(self._client(), self._url, body, group=metric_id, once=once)


def _send(client: Any, url: str, body: dict[str, str], *, group: str, once: str) -> None:
    client.send_message(
        QueueUrl=url,
        MessageBody=json.dumps(body),
        MessageGroupId=group.replace("#", "-"),
        MessageDeduplicationId=hashlib.sha256(once.encode()).hexdigest(),
    )
