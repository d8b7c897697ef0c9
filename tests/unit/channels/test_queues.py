"""The queue by which functions wake each other: what is one wake, and what are two."""

from typing import Any

from chalicelib.domain.waking.walks import Inviting, Walk
from chalicelib.queues import SqsWakeQueue
from infra.testkit.builders import NETWORK, NOW


class RecordingSqs:
    def __init__(self) -> None:
        self.sent: list[dict[str, Any]] = []

    def send_message(self, **message: Any) -> None:
        self.sent.append(message)


def a_walk(walk_id: str, version: int) -> Walk:
    return Walk(network_id=NETWORK, id=walk_id, state=Inviting("cmp_1"), begun_at=NOW, version=version)


def test_two_items_of_one_partition_at_one_version_are_two_wakes_and_the_same_again_is_one() -> None:
    """The walks of a network share a partition: as one wake, all but the first would wait for the sweep."""
    sqs = RecordingSqs()
    queue = SqsWakeQueue(
        lambda: sqs, "queue", lambda walk: (f"NET#{NETWORK}#WALKS", f"WALK#{walk.id}", "WAKE#00")
    )
    for walk in (a_walk("wlk_1", 1), a_walk("wlk_2", 1), a_walk("wlk_1", 2), a_walk("wlk_1", 2)):
        queue.wake_item(walk)
    once = [message["MessageDeduplicationId"] for message in sqs.sent]
    assert len(set(once)) == 3
    assert once[2] == once[3]
    assert {message["MessageGroupId"] for message in sqs.sent} == {"WAKE-00"}
