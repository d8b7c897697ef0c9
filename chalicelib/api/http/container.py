"""What the endpoints work with. Taken from the wiring when first needed; a test hands in its own."""

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from chalicelib.passes.wallets import Wallets
    from chalicelib.services.intake.receive_webhook import Receiving
    from chalicelib.services.messages.sending import Sending
    from chalicelib.services.shared.links import Links
    from chalicelib.services.shared.ports import PushRegistry
    from chalicelib.services.shared.world import World


class Parts(Protocol):
    """Whatever has these, `chalicelib.wiring` above all."""

    def world(self) -> "World": ...
    def receiving(self) -> "Receiving": ...
    def links(self) -> "Links": ...
    def push_registry(self) -> "PushRegistry": ...
    def sending(self) -> "Sending": ...
    def wallets(self) -> "Wallets": ...


_given: Parts | None = None


def use(given: Parts | None) -> None:
    """Works with these from now on; None: with the wiring's again."""
    global _given
    _given = given


def parts() -> Parts:
    if _given is not None:
        return _given
    from chalicelib import wiring

    return wiring
