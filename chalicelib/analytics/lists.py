"""The clients behind a figure."""

from typing import Any

from chalicelib.analytics.statements import Asked
from chalicelib.domain.reports.questions import ListedClient, ListedClients


def listed_clients(asked: Asked, *files: str, **more: Any) -> ListedClients:
    """A page of clients. files: they make `base_lines`, the lines of the base, and `listed`, the clients of
    the page and the first one after it. more: values of parameters beside the question's own."""
    limit = asked.question.limit
    found = asked.rows(*files, "listed_clients", **more)
    items = tuple(ListedClient(*row) for row in found[:limit])
    return ListedClients(items, items[-1].client_id if len(found) > limit else None)
