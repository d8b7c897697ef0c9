"""Calls the Apple phones that keep a pass: each then asks what is new (api/loyalty/wallet_service.py).

A push says nothing but that there is something: its payload is empty, its topic the type of the pass, and
Apple knows who pushes by the certificate that signs the passes.
"""

import json
import logging
from collections.abc import Callable, Sequence

from msgspec import Struct

from chalicelib.domain.loyalty.passes import GOOGLE, Pass, PassDevice
from chalicelib.wallets.http2_calls import Http2Answer, Post, Posts

HOST, PORT = "api.push.apple.com", 443
SECONDS = 4
"""For all devices of a pass together, the connection included."""

_SILENT = {"apns-push-type": "background", "apns-priority": "5"}
"""With nothing to show, and so without haste: Apple takes 10 of no silent push."""

log = logging.getLogger(__name__)


class ApplePush(Struct, frozen=True):
    """pass_type: the type of the passes. connect: gives the connection to Apple, at the first push. forget:
    called with each device of which Apple says that it is gone."""

    pass_type: str
    connect: Callable[[], Posts]
    forget: Callable[[PassDevice], None]

    def changed(self, shown: Pass, language: str, devices: Sequence[PassDevice]) -> bool:
        """Devices that are gone count as told."""
        called = [each for each in devices if each.device != GOOGLE and each.push_token]
        if not called:
            return True
        try:
            answers = self.connect()([self._post(each) for each in called], SECONDS)
            pairs = zip(called, answers, strict=True)
            return all([self._was_delivered(device, answer) for device, answer in pairs])
        except Exception as error:  # what else is due of an account must not wait for a wallet
            log.warning("Apple was not told of a pass: %s", error)
            return False

    def _post(self, device: PassDevice) -> Post:
        return Post(f"/3/device/{device.push_token}", {"apns-topic": self.pass_type, **_SILENT}, b"{}")

    def _was_delivered(self, device: PassDevice, answer: Http2Answer | None) -> bool:
        if answer is not None and answer.status == 200:
            return True
        why = _reason(answer) if answer is not None else "no answer"
        if answer is not None and (answer.status == 410 or (answer.status, why) == (400, "BadDeviceToken")):
            self.forget(device)
            return True
        log.warning("Apple was not told of a pass: %s %s", answer.status if answer else "", why)
        return False


def _reason(answer: Http2Answer) -> str:
    """Apple's word for what is wrong."""
    try:
        return str(json.loads(answer.body)["reason"])
    except (ValueError, TypeError, LookupError):
        return ""
