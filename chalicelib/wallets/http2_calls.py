"""Requests and answers of the HTTP/2 client. They are apart from the client, so that a module that only needs
these types does not import h2."""

from collections.abc import Mapping, Sequence
from typing import Protocol

from msgspec import Struct


class Post(Struct, frozen=True):
    path: str
    headers: Mapping[str, str]
    body: bytes


class Http2Answer(Struct, frozen=True):
    status: int
    body: bytes = b""


class Posts(Protocol):
    """Posts to one host, such as `Http2`."""

    def __call__(self, posts: Sequence[Post], seconds: float) -> list[Http2Answer | None]:
        """An answer for each post, in their order; None: no answer came within so many seconds."""
