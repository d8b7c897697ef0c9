"""Items of the table as a newer release, or a fault, would have left them."""

import json
import zlib
from collections.abc import Callable
from datetime import timedelta
from typing import Any

from chalicelib.services.waking.retry_parked import list_parked
from chalicelib.store.keys import key, shard_of
from infra.testkit.builders import NETWORK, NOW
from infra.testkit.salon_driver import SalonDriver

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
Damage = Callable[[Any], None]


def raw(driver: SalonDriver, item_kind: str, /, **parts: str) -> Any:
    return driver.store.item.get(*key(item_kind, **parts), consistent_read=True)


def body_of(item: Any) -> dict[str, Any]:
    text = item.body if item.packed is None else zlib.decompress(item.packed, -zlib.MAX_WBITS).decode()
    body: dict[str, Any] = json.loads(text)
    return body


def written_by_a_newer_release(item: Any) -> None:
    """A word of an enum that this release does not know."""
    body = body_of(item)
    body["touches"] = {"waitlist_offer": ["sent", "2026-11-23T08:00:00Z"]}
    item.body, item.packed = json.dumps(body), None


def no_json(item: Any) -> None:
    item.body, item.packed = "{", None


def not_deflated(item: Any) -> None:
    item.body, item.packed = None, b"\x00\x01"


def without_a_body(item: Any) -> None:
    item.body = item.packed = None


def endless(item: Any) -> None:
    """What inflates to more than a worker's memory."""
    deflating = zlib.compressobj(9, wbits=-zlib.MAX_WBITS)
    item.body, item.packed = None, deflating.compress(bytes(100_000_000)) + deflating.flush()


def damage(driver: SalonDriver, damaged: Damage, item_kind: str, /, **parts: str) -> Any:
    item = raw(driver, item_kind, **parts)
    damaged(item)
    item.save()
    return item


def mend(driver: SalonDriver, good: Any) -> None:
    """What a release that can read it would find: the content, without the pointer that it has lost."""
    now = driver.store.item.get(good.pk, good.sk, consistent_read=True)
    now.body, now.packed = good.body, good.packed
    now.save()


def of_one_shard(shard: str, number: int) -> str:
    """The id of a client whose items wake in that shard."""
    ids = (f"cli_other{number:03d}{each:08d}" for each in range(10_000))
    return next(each for each in ids if shard_of(f"NET#{NETWORK}#CLI#{each}", 8) == shard)


def parked(driver: SalonDriver) -> list[str]:
    return [each.item for each in list_parked(driver.world, NETWORK)]
