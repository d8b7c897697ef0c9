"""Makes items.jsonl: the table as the code of commit fd8b8f7 wrote it, one item a line.

It runs in a checkout of that commit only, whose modules had other names. Nothing imports it, and its imports
stay as they are. In the root of that checkout, with its own environment:

    PYTHONPATH=. .venv/bin/python <here>/make_items.py <here>/items.jsonl

It says on standard error which fields of the stored types are set nowhere.
"""

import base64
import json
import sys
from pathlib import Path
from typing import Any

from every_field import BEGIN, every_field, moved, unmet_words, unset_fields
from moto import mock_aws
from old_walks import live

from chalicelib.domain.aliases import Alias
from chalicelib.store.item import value_of
from chalicelib.store.keys import _PLACES, TEMPLATES, place_of
from chalicelib.store.table import Table
from tests.conftest import SHARDS

COMMIT = "fd8b8f7"


def main(path: Path) -> None:
    with mock_aws():
        table = Table("perennial-test", "us-east-1", shards=SHARDS)
        table.item.create_table(billing_mode="PAY_PER_REQUEST")
        live(table)
        made = every_field()
        for value in made:
            table.save(value)
            if isinstance(value, Alias):
                table.save(moved(value))
        items = sorted(_raw(table), key=lambda item: (item["PK"]["S"], item["SK"]["S"]))
        values = [_value(table, item, made) for item in items]
    lines = [json.dumps(item, ensure_ascii=False, sort_keys=True, separators=(",", ":")) for item in items]
    path.write_text("\n".join(lines) + "\n")
    kinds = {item["SK"]["S"].partition("#")[0] for item in items}
    say = sys.stderr.write
    say(f"{len(items)} items, {path.stat().st_size} bytes, {BEGIN:%Y} by {COMMIT}\n")
    say(f"kinds of which there is none: {sorted(set(TEMPLATES) - kinds)}\n")
    say(f"fields that are set nowhere: {unset_fields(values)}\n")
    say(f"words that are nowhere: {unmet_words(values)}\n")


def _raw(table: Table) -> list[dict[str, Any]]:
    """All items as DynamoDB's JSON, bytes in base64."""
    import boto3

    pages = boto3.client("dynamodb", region_name="us-east-1").get_paginator("scan")
    found = pages.paginate(TableName=table.item.Meta.table_name)
    return [_as_json(item) for page in found for item in page["Items"]]


def _as_json(item: dict[str, Any]) -> dict[str, Any]:
    return {
        name: {"B": base64.b64encode(told["B"]).decode()} if "B" in told else told
        for name, told in item.items()
    }


def _value(table: Table, raw: dict[str, Any], made: list[Any]) -> Any:
    """Read back."""
    pk, sk = raw["PK"]["S"], raw["SK"]["S"]
    kind = sk.partition("#")[0]
    cls = dict(zip(TEMPLATES, _ORDER, strict=True))[kind]
    value = value_of(cls, table.item.get(pk, sk))
    assert place_of(value).pk == pk, f"{kind} is not {cls}"
    return value


_SAMPLES = {place_of(value).sk.partition("#")[0]: type(value) for value in every_field()}
_ORDER = [_SAMPLES[kind] for kind in TEMPLATES]
assert len(_SAMPLES) == len(TEMPLATES) == len(_PLACES)

if __name__ == "__main__":
    main(Path(sys.argv[1]))
