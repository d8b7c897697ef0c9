"""A touch that needs no message of its own: its text goes along in the message of another touch."""

from collections.abc import Mapping

from chalicelib.domain.shared.touches import TouchKind

_CARRIED_BY = {TouchKind.BONUS_NOTICE: TouchKind.REVIEW_REQUEST}
"""The kind whose message carries a touch of the kind along, when both go through the same channel."""


def carried_by(kind: TouchKind, channel: str, going: Mapping[TouchKind, str]) -> TouchKind | None:
    """The kind whose message carries this touch along; None: the touch makes a message of its own.

    going: the channels of the touches that are sent in the same wake, by kind.
    """
    carrying = _CARRIED_BY.get(kind)
    return carrying if carrying is not None and going.get(carrying) == channel else None
