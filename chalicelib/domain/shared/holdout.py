"""Hold-out groups: a share of clients whom a kind of marketing leaves alone, so that its effect can be
measured. A hash chooses them: always the same clients for a kind, and other clients for another kind."""

from hashlib import sha256

HELD_OUT = "held_out"
"""The reason of a touch that was not made since its client is in the group."""


def is_held_out(network_id: str, client_id: str, kind: str, percent: int) -> bool:
    """Whether the client is in the hold-out group. kind: of a touch, or of a gift. With a greater percentage
    the group keeps its members and gets more."""
    if percent <= 0:
        return False
    lot = int.from_bytes(sha256(f"{network_id}|{kind}|{client_id}".encode()).digest()[:8], "big")
    return lot % 10_000 < percent * 100
