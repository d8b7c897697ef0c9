"""What clients do with the links that they are sent: they open the page, and tap."""

import re
from collections.abc import Iterable
from urllib.parse import urlencode

from infra.demo.http import Http, Refused


def links_in(texts: Iterable[str], purpose: str) -> list[str]:
    """The addresses of one purpose (b: booking, r: review, u: stop) in messages, each once."""
    found = (match for text in texts for match in re.findall(rf"https?://\S+/{purpose}/[0-9a-z]+", text))
    return list(dict.fromkeys(found))


def confirm(http: Http, link: str) -> bool:
    """Opens the booking's page and confirms. False where it was too late or done already."""
    http.ask("GET", link)
    return _posted(http, f"{link}/confirm", {})


def rate(http: Http, link: str, stars: int, words: str) -> bool:
    """Opens the review page and rates the visit."""
    http.ask("GET", link)
    return _posted(http, link, {"stars": str(stars), "words": words})


def _posted(http: Http, url: str, form: dict[str, str]) -> bool:
    body = urlencode(form).encode()
    try:
        http.ask("POST", url, body, Content_Type="application/x-www-form-urlencoded")
    except Refused as refused:
        if refused.status >= 500:
            raise
        return False
    return True
