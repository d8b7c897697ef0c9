"""Updates the passes in all kinds of wallet."""

from collections.abc import Sequence

from msgspec import Struct

from chalicelib.domain.loyalty.passes import Pass, PassDevice
from chalicelib.services.shared.ports import PassUpdates


class EveryWallet(Struct, frozen=True):
    kinds: Sequence[PassUpdates]

    def changed(self, shown: Pass, language: str, devices: Sequence[PassDevice]) -> bool:
        """Whether all wallets are up to date. Each is updated, even where another one fails. After a failure
        all of them are updated again, which does no harm."""
        return all([each.changed(shown, language, devices) for each in self.kinds])
