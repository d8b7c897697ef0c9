"""Hold-out groups: a share of clients whom marketing of a kind leaves alone, so that its effect can be told
by comparison. Chosen by a hash: the same clients always, whoever asks, and others for each kind."""

from hashlib import sha256


def is_held_out(network_id: str, client_id: str, kind: str, percent: int) -> bool:
    """kind: of a touch, or of a gift. A greater share holds out those of a smaller one and more."""
    if percent <= 0:
        return False
    lot = int.from_bytes(sha256(f"{network_id}|{kind}|{client_id}".encode()).digest()[:8], "big")
    return lot % 10_000 < percent * 100
