"""A touch that needs no message of its own: its text goes along in the message of another touch."""

from collections.abc import Mapping

from chalicelib.domain.shared.touches import TouchKind

_CARRIER = {TouchKind.BONUS_NOTICE: TouchKind.REVIEW_REQUEST}
"""The kind whose message carries a touch of the kind along, when both go through the same channel."""


def carrier_of(kind: TouchKind, channel: str, going: Mapping[TouchKind, str]) -> TouchKind | None:
    """The kind whose message carries this touch along; None: the touch makes a message of its own.

    going: the channels of the touches that are sent in the same wake, by kind.
    """
    carrier = _CARRIER.get(kind)
    return carrier if carrier is not None and going.get(carrier) == channel else None
