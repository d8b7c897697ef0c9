"""AWS as the crash stories see it."""

from collections.abc import Iterator
from typing import Any

import botocore.session
import pytest
from moto import mock_aws

from chalicelib.store.table import Table


@pytest.fixture(scope="module")
def aws() -> Iterator[dict[str, Any]]:
    """Table, queues and SMS on moto, with real botocore clients."""
    with mock_aws():
        session = botocore.session.get_session()
        sqs, sns = (session.create_client(name, region_name="us-east-1") for name in ("sqs", "sns"))
        urls = [sqs.create_queue(QueueName=f"{name}.fifo", Attributes={"FifoQueue": "true"})["QueueUrl"]
                for name in ("wake", "intake")]  # fmt: skip
        yield {"table": Table("crash", "us-east-1", shards=1), "sqs": sqs, "sns": sns, "urls": urls}
