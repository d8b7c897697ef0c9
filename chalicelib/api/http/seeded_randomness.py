"""Randomness for requests that may be repeated: unguessable without our secret, and the same for the same
request."""

from chalicelib.api.http.endpoint import Ask
from chalicelib.services.shared.ports import Randomness


def seeded_randomness(ask: Ask) -> Randomness:
    """The source of the secrets that a request makes. A repetition with the same Idempotency-Key makes the
    same ones."""
    request_id = ask.request_id
    if request_id is None:
        return ask.world.randomness
    links = ask.container.links()
    drawn = iter(range(1000))

    def randomness(characters: int) -> str:
        return links.derived(f"request|{request_id}|{next(drawn)}", characters)

    return randomness
