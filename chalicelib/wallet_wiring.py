"""Builds what makes passes of wallets, and what tells wallets of changed cards. A part of `wiring`, which
passes in the settings and what reads a parameter."""

import time
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from chalicelib.settings import Wallet

if TYPE_CHECKING:
    from chalicelib.passes.google_pass import ServiceAccount
    from chalicelib.passes.wallets import Wallets
    from chalicelib.services.shared.ports import PassUpdates
    from chalicelib.services.shared.world import World
    from chalicelib.wallets.http2_calls import Posts

Parameter = Callable[[str], str]
"""Name -> value, from Parameter Store."""


def wallets(here: Wallet, parameter: Parameter) -> "Wallets":
    """The makers of passes that the settings name. Their keys are read when a pass is made: a page that only
    offers one does not wait for them, nor fail without them."""
    from chalicelib.passes.apple_pass import AppleIssuer
    from chalicelib.passes.google_pass import GoogleIssuer
    from chalicelib.passes.wallets import Wallets

    def sign(manifest: bytes) -> bytes:
        return apple_signature(parameter)(manifest)

    apple = AppleIssuer(here.apple_pass_type, here.apple_team, sign)
    google = GoogleIssuer(here.google_issuer, here.google_logo, lambda: google_account(parameter))
    return Wallets(
        apple=apple if here.apple_pass_type else None, google=google if here.google_issuer else None
    )


@cache
def apple_signature(parameter: Parameter) -> "Callable[[bytes], bytes]":
    from chalicelib.passes.apple_pass import signing

    names = ("certificate", "key", "intermediate")
    return signing(*(parameter(f"wallet/apple-{name}").encode() for name in names))


@cache
def google_account(parameter: Parameter) -> "ServiceAccount":
    import json

    from chalicelib.passes.google_pass import ServiceAccount, signing

    account = json.loads(parameter("wallet/google-account"))
    return ServiceAccount(account["client_email"], signing(account["private_key"].encode()))


def pass_updates(here: Wallet, parameter: Parameter, world: "Callable[[], World]") -> "PassUpdates":
    """What notifies the wallets that the settings name of changed cards."""
    from chalicelib.services.waking.handlers import NO_WALLETS
    from chalicelib.wallets.every_wallet import EveryWallet

    made = [_google_updates(here.google_issuer, parameter, world)] if here.google_issuer else []
    if here.apple_pass_type:
        made.append(_apple_push(here.apple_pass_type, parameter, world))
    return EveryWallet(made) if made else NO_WALLETS


def _google_updates(issuer: str, parameter: Parameter, world: "Callable[[], World]") -> "PassUpdates":
    import urllib3

    from chalicelib.passes.google_pass import loyalty_object
    from chalicelib.wallets.google_wallet import GoogleUpdates, over_https

    pool = urllib3.PoolManager(timeout=urllib3.Timeout(connect=2, read=5), retries=False)
    return GoogleUpdates(
        lambda: google_account(parameter).email,
        lambda claims: google_account(parameter).sign(claims),
        lambda shown, language: loyalty_object(shown, language, issuer),
        over_https(pool),
        lambda: world().now(),
    )


def _apple_push(pass_type: str, parameter: Parameter, world: "Callable[[], World]") -> "PassUpdates":
    """HTTP/2 is imported, and the certificate read, when a phone is called."""
    from chalicelib.services.loyalty.passes import forget_unreachable
    from chalicelib.wallets.apple_push import ApplePush

    return ApplePush(
        pass_type, lambda: apple_connection(parameter), lambda device: forget_unreachable(world(), device)
    )


@cache
def apple_connection(parameter: Parameter) -> "Posts":
    from chalicelib.wallets.apple_push import HOST, PORT
    from chalicelib.wallets.http2 import Http2, tls_of

    tls = tls_of(parameter("wallet/apple-certificate"), parameter("wallet/apple-key"))
    return Http2(HOST, PORT, tls, time.time)
