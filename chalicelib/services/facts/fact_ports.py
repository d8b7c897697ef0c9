"""What reports need from outside, besides the table: the objects of facts, and the queue of renewals."""

from typing import Protocol

from chalicelib.domain.facts.fact_pages import FactPage


class FactObjects(Protocol):
    """The bucket of facts. An object is never changed: a new one gets a new key. Safe under threads."""

    def get(self, key: str) -> bytes | None:
        """None: there is no such object."""

    def put(self, key: str, content: bytes) -> None: ...
    def remove(self, key: str) -> None:
        """Removes an object, which may be gone already."""

    def keys(self, prefix: str) -> list[str]:
        """The keys that begin so, sorted."""


class RenewalQueue(Protocol):
    """The function that renews pages of facts, and measures chosen metrics."""

    def renew(self, page: FactPage, *, whole: bool = False) -> None:
        """Has a page renewed; once, however often the same version of the page is handed over within some
        minutes. whole: its part is missing or damaged, so that all of the month is read from the index.
        Raises if the call may not have arrived."""

    def measure(self, network_id: str, metric_id: str, version: int) -> None:
        """Has a chosen metric measured, under the same terms. version: of the metric as it is handed over."""
