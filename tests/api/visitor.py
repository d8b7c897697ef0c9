"""The visitor of a link that a message led to."""

from typing import Any

from chalicelib.domain.shared.links import Link, LinkPurpose
from infra.testkit.api_client import Answer, Http
from tests.api.conftest import TestContainer


class Visitor:
    """A client's phone: follows redirects only when told, sends no key."""

    def __init__(self, http: Http, parts: TestContainer, link: Link) -> None:
        self._http, self._links, self.link = http.with_key(None), parts.links(), link

    def path(self, purpose: str, rest: str = "") -> str:
        return f"/{purpose}/{self._links.token(self.link, LinkPurpose(purpose))}{rest}"

    def see(self, purpose: str, rest: str = "", **headers: str) -> Answer:
        return self._http.get(self.path(purpose, rest), **headers)

    def post(self, purpose: str, rest: str = "", body: Any = "", **headers: str) -> Answer:
        form = {"Content_Type": "application/x-www-form-urlencoded"}
        return self._http.post(self.path(purpose, rest), body, **{**form, **headers})

    def follow(self, answer: Answer) -> Answer:
        assert answer.status == 303, answer
        return self._http.get(answer.headers["Location"].removeprefix("/api"))
