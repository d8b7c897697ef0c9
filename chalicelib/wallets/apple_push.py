"""Pushes to the Apple phones that keep a pass; each then asks what is new (api/loyalty/wallet_service.py).

A push only says that something changed: its payload is empty, and its topic is the type of the pass. Apple
knows the caller by the certificate that signs the passes.
"""

import json
import logging
from collections.abc import Callable, Sequence

from msgspec import Struct

from chalicelib.domain.loyalty.passes import GOOGLE, Pass, PassDevice
from chalicelib.wallets.http2_calls import Http2Answer, Post, Posts

HOST, PORT = "api.push.apple.com", 443
SECONDS = 4
"""The limit for all devices of a pass together, including the connection."""

_SILENT = {"apns-push-type": "background", "apns-priority": "5"}
"""A push that shows nothing has the low priority: Apple refuses priority 10 for it."""

log = logging.getLogger(__name__)


class ApplePush(Struct, frozen=True):
    """pass_type: the type of the passes. connect: gives the connection to Apple, at the first push. forget:
    called with each device of which Apple says that it is gone."""

    pass_type: str
    connect: Callable[[], Posts]
    forget: Callable[[PassDevice], None]

    def changed(self, shown: Pass, language: str, devices: Sequence[PassDevice]) -> bool:
        """Whether all devices are informed. A device that is gone counts as informed."""
        called = [each for each in devices if each.device != GOOGLE and each.push_token]
        if not called:
            return True
        try:
            answers = self.connect()([self._post(each) for each in called], SECONDS)
            pairs = zip(called, answers, strict=True)
            return all([self._was_delivered(device, answer) for device, answer in pairs])
        except Exception as error:  # other work due of the account must not wait for a wallet
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
    """Apple's code of the error; "" where the answer has none."""
    try:
        return str(json.loads(answer.body)["reason"])
    except (ValueError, TypeError, LookupError):
        return ""
