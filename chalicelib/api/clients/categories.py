"""The changes of a client's category."""

from datetime import date

from chalicelib.api.http.endpoint import DESK, Ask, endpoint, get
from chalicelib.api.http.schemas import Answered, Listing, PageOf, in_pages
from chalicelib.domain.networks.network import Role
from chalicelib.services.clients.register_client import get_client


class CategoryChangeAnswer(Answered, rename={"from_": "from"}):
    """on: a local date of the salon that spoke to the client. cause: visit, time_passed, visit_undone,
    booking, booking_off, merge, unmerge, import or definition."""

    from_: str
    to: str
    on: date
    cause: str


@get("/v1/clients/{client_id}/categories")
@endpoint(roles=DESK | {Role.SPECIALIST}, query=Listing, answer=PageOf[CategoryChangeAnswer])
def changes(ask: Ask, client_id: str) -> PageOf[CategoryChangeAnswer]:
    """The changes that were recorded, the newest first; at most the latest 40."""
    client = get_client(ask.world, ask.access, client_id)
    numbered = list(enumerate(client.category_changes))
    page = in_pages(
        numbered, ask.query, position=lambda each: f"{each[1].on} {each[0]:02d}", newest_first=True
    )
    items = [
        CategoryChangeAnswer(from_=each.before, to=each.to, on=each.on, cause=each.cause.value)
        for _, each in page.items
    ]
    return PageOf(items=items, next_cursor=page.next_cursor)
