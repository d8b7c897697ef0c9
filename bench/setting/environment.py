"""What the bench stands on: a bare local cloud of its own, with empty tables of the real definition."""

import itertools
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from bench.setting.meter import Meter
from chalicelib.store.table import Table
from infra.testkit.capacity_units import indexes_of
from infra.testkit.table_definition import table_definition

SHARDS = 8
REGION = "us-east-1"
PORTS = range(4800, 4900)


class BenchEnvironment:
    """Makes tables and queues on whatever answers at the endpoint (None: moto, in this process)."""

    def __init__(self, endpoint_url: str | None) -> None:
        import botocore.session

        self.endpoint_url = endpoint_url
        self._session = botocore.session.get_session()
        self._numbers = itertools.count(1)
        self._clients: dict[str, Any] = {}
        self.definition = table_definition()

    def connect(self, service: str, **config: Any) -> Any:
        from botocore.config import Config

        return self._session.create_client(
            service, REGION, endpoint_url=self.endpoint_url, config=Config(**config) if config else None
        )

    def client(self, service: str) -> Any:
        """One that nobody watches, kept."""
        if service not in self._clients:
            self._clients[service] = self.connect(service)
        return self._clients[service]

    def new_table(self) -> Table:
        """An empty table."""
        name = f"bench-{next(self._numbers)}"
        wanted = (
            "AttributeDefinitions",
            "KeySchema",
            "GlobalSecondaryIndexes",
            "BillingMode",
            "StreamSpecification",
        )
        given = {key: self.definition[key] for key in wanted}
        given["StreamSpecification"] = given["StreamSpecification"] | {"StreamEnabled": True}
        self.client("dynamodb").create_table(TableName=name, **given)
        return Table(name, REGION, shards=SHARDS, host=self.endpoint_url)

    def drop(self, table: Table) -> None:
        self.client("dynamodb").delete_table(TableName=table.item.Meta.table_name)

    def new_queue(self) -> str:
        """The address of an empty FIFO queue."""
        created = self.client("sqs").create_queue(
            QueueName=f"bench-{next(self._numbers)}.fifo", Attributes={"FifoQueue": "true"}
        )
        return str(created["QueueUrl"])

    def meter(self) -> Meter:
        return Meter(indexes_of(self.definition))


@contextmanager
def local_environment() -> Iterator[BenchEnvironment]:
    """On a local cloud that is started for it, and gone afterwards."""
    from infra.local_cloud import LocalCloud

    as_root()
    with tempfile.TemporaryDirectory(prefix="perennial-bench-", ignore_cleanup_errors=True) as home:
        cloud = LocalCloud(Path(home), PORTS)
        try:
            cloud.start(lambda line: None)
            yield BenchEnvironment(cloud.endpoint_url)
        finally:
            cloud.stop(lambda line: None)


def as_root() -> None:
    """The local cloud's root, whose keys are public; nothing here can reach AWS."""
    os.environ |= {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test", "AWS_DEFAULT_REGION": REGION}
    os.environ |= {"LOG_LEVEL": "CRITICAL", "POWERTOOLS_SERVICE_NAME": "perennial"}
    os.environ.pop("AWS_SESSION_TOKEN", None)
    os.environ.pop("AWS_PROFILE", None)
