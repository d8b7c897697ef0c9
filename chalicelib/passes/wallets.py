"""The wallets that this deployment can issue passes for."""

from msgspec import Struct

from chalicelib.domain.loyalty.passes import APPLE, GOOGLE
from chalicelib.passes.apple_pass import AppleIssuer
from chalicelib.passes.google_pass import GoogleIssuer


class Wallets(Struct, frozen=True):
    """The issuers by wallet; None: no passes are issued for that wallet."""

    apple: AppleIssuer | None = None
    google: GoogleIssuer | None = None

    @property
    def kinds(self) -> tuple[str, ...]:
        pairs = ((APPLE, self.apple), (GOOGLE, self.google))
        return tuple(kind for kind, issuer in pairs if issuer is not None)
