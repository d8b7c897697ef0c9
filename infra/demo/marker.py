"""How far the demo has come, kept in the table beside what it made: state that is lost is lost together."""

import json
from dataclasses import asdict, dataclass, field
from datetime import datetime
from typing import Any

SK = "DEMO"


@dataclass(frozen=True)
class Marker:
    """anchor: the demo's present hour. items: how many were laid out; None: not done. entries: those of the
    ledger among them, as kind -> number and points. told: whether all webhooks were delivered and the desk
    has done its part. bonuses: what was done with points, in words, by chapter. asked,
    delivered: requests and webhooks, for the bill."""

    anchor: datetime
    items: int | None = None
    entries: dict[str, list[int]] = field(default_factory=dict)
    told: bool = False
    bonuses: dict[str, list[list[str]]] = field(default_factory=dict)
    asked: int = 0
    delivered: int = 0


class Markers:
    """Reads and writes the marker of one network."""

    def __init__(self, dynamodb: Any, table_name: str, network_id: str) -> None:
        self._dynamodb, self._table = dynamodb, table_name
        self._key = {"PK": {"S": f"NET#{network_id}#DEMO"}, "SK": {"S": SK}}

    def read(self) -> Marker | None:
        answer = self._dynamodb.get_item(TableName=self._table, Key=self._key, ConsistentRead=True)
        if "Item" not in answer:
            return None
        body = json.loads(answer["Item"]["body"]["S"])
        return Marker(**{**body, "anchor": datetime.fromisoformat(body["anchor"])})

    def write(self, marker: Marker) -> Marker:
        body = json.dumps(asdict(marker), default=lambda anchor: anchor.isoformat())
        self._dynamodb.put_item(TableName=self._table, Item={**self._key, "body": {"S": body}})
        return marker
