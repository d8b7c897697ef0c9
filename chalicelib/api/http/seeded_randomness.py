"""Chance for requests that may be repeated: unguessable without our secret, and the same for the same
request."""

from chalicelib.api.http.endpoint import Ask
from chalicelib.services.shared.ports import Chance


def seeded_chance(ask: Ask) -> Chance:
    """The source of the secrets that a request makes. Asked again with its Idempotency-Key, it makes the
    same ones."""
    request_id = ask.request_id
    if request_id is None:
        return ask.world.chance
    links = ask.parts.links()
    drawn = iter(range(1000))

    def chance(characters: int) -> str:
        return links.derived(f"request|{request_id}|{next(drawn)}", characters)

    return chance
