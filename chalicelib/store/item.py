"""The one PynamoDB model: an item of the table with its key, the attributes that its indexes read, and its
body."""

from typing import Any

from pynamodb.attributes import NumberAttribute, UnicodeAttribute
from pynamodb.indexes import GlobalSecondaryIndex, IncludeProjection, KeysOnlyProjection
from pynamodb.models import Model

CONNECT_SECONDS = 1
READ_SECONDS = 3
RETRIES = 4
BY_SALON_INCLUDES = ["status"]


class _Binding:
    """What PynamoDB reads late."""

    table_name: str
    region: str
    host: str | None


def bound_to(table_name: str, region: str, host: str | None = None) -> Any:
    """The model of one table. Made anew for each table, so that no module holds a global binding.

    Attributes, other than the key: version (of guarded items), body (JSON, see codec), expires (TTL, epoch
    seconds), and those of the indexes: wake_shard + wake_at, client_key / salon_key / network_key + at,
    status.
    """

    class Wake(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
        class Meta:
            index_name = "wake"
            projection = KeysOnlyProjection()

        wake_shard = UnicodeAttribute(hash_key=True)
        wake_at = UnicodeAttribute(range_key=True)

    class ByClient(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
        class Meta:
            index_name = "by_client"
            projection = KeysOnlyProjection()

        client_key = UnicodeAttribute(hash_key=True)
        at = UnicodeAttribute(range_key=True)

    class BySalon(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
        class Meta:
            index_name = "by_salon"
            projection = IncludeProjection(BY_SALON_INCLUDES)

        salon_key = UnicodeAttribute(hash_key=True)
        at = UnicodeAttribute(range_key=True)
        status = UnicodeAttribute(null=True)

    class ByNetwork(GlobalSecondaryIndex[Any]):  # type: ignore[no-untyped-call]
        class Meta:
            index_name = "by_network"
            projection = KeysOnlyProjection()

        network_key = UnicodeAttribute(hash_key=True)
        at = UnicodeAttribute(range_key=True)

    class Item(Model):
        class Meta(_Binding):
            connect_timeout_seconds = CONNECT_SECONDS
            read_timeout_seconds = READ_SECONDS
            max_retry_attempts = RETRIES
            billing_mode = "PAY_PER_REQUEST"

        pk = UnicodeAttribute(hash_key=True, attr_name="PK")
        sk = UnicodeAttribute(range_key=True, attr_name="SK")
        body = UnicodeAttribute(null=True)
        version = NumberAttribute(null=True)
        expires = NumberAttribute(null=True)
        at = UnicodeAttribute(null=True)
        status = UnicodeAttribute(null=True)
        client_key = UnicodeAttribute(null=True)
        salon_key = UnicodeAttribute(null=True)
        network_key = UnicodeAttribute(null=True)
        wake_shard = UnicodeAttribute(null=True)
        wake_at = UnicodeAttribute(null=True)

        wake = Wake()
        by_client = ByClient()
        by_salon = BySalon()
        by_network = ByNetwork()

    Item.Meta.table_name = table_name
    Item.Meta.region = region
    Item.Meta.host = host
    return Item
