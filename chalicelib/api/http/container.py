"""What the endpoints work with: the wiring, at first use, or what a test hands in."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.passes.wallets import Wallets
    from chalicelib.services.intake.receive_webhook import Receiving
    from chalicelib.services.messages.sending import Sending
    from chalicelib.services.reports.report_engine import ReportEngine
    from chalicelib.services.shared.links import Links
    from chalicelib.services.shared.ports import PushRegistry
    from chalicelib.services.shared.world import World


class Container(Protocol):
    """What endpoints take from `chalicelib.wiring`."""

    def world(self) -> "World": ...
    def receiving(self) -> "Receiving": ...
    def links(self) -> "Links": ...
    def own_identities(self) -> frozenset[str]: ...
    def push_registry(self) -> "PushRegistry": ...
    def sending(self) -> "Sending": ...
    def wallets(self) -> "Wallets": ...
    def reports(self) -> "ReportEngine": ...


_given: Container | None = None


def use(given: Container | None) -> None:
    """Sets what endpoints work with from now on. None: the wiring again."""
    global _given
    _given = given


def container() -> Container:
    if _given is not None:
        return _given
    from chalicelib import wiring

    return wiring
