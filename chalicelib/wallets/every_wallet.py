"""Tells all kinds of wallet."""

from collections.abc import Sequence

from msgspec import Struct

from chalicelib.domain.loyalty.passes import Pass, PassDevice
from chalicelib.services.shared.ports import PassUpdates


class EveryWallet(Struct, frozen=True):
    kinds: Sequence[PassUpdates]

    def changed(self, shown: Pass, language: str, devices: Sequence[PassDevice]) -> bool:
        """Each is told, whatever the others say. Where one was not, all are told again: to those who were, it
        says the same once more, and does no harm."""
        return all([each.changed(shown, language, devices) for each in self.kinds])
