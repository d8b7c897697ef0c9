"""Other definitions of categories, tried before they are saved."""

from datetime import datetime

from chalicelib.api.http.endpoint import OFFICE, Ask, endpoint, get, post
from chalicelib.api.http.schemas import Answered
from chalicelib.api.networks.category_schemas import (
    CategoryDefinitionsRequest,
    definitions_of_request,
    definitions_shown,
)
from chalicelib.domain.waking.walks import MOVE, TryingCategories, Walk
from chalicelib.services.networks.try_categories import get_try, try_categories


class CategoryMoveAnswer(Answered, rename={"from_": "from"}):
    """clients: how many would move."""

    from_: str
    to: str
    clients: int


class CategoryCheckAnswer(Answered):
    """seen: how many clients it has been by so far. moving: how many of them would move. finished_at: null
    while it goes on. error: why its last slice failed; it is tried again."""

    id: str
    definitions: CategoryDefinitionsRequest
    begun_at: datetime
    finished_at: datetime | None
    seen: int
    moving: int
    moves: list[CategoryMoveAnswer]
    error: str | None


def _answer(walk: Walk[TryingCategories]) -> CategoryCheckAnswer:
    moves = sorted(walk.state.moves.items(), key=lambda each: (-each[1], each[0]))
    named = [(*words.split(MOVE), clients) for words, clients in moves]
    return CategoryCheckAnswer(
        id=walk.id,
        definitions=definitions_shown(walk.state.definitions),
        begun_at=walk.begun_at,
        finished_at=walk.finished_at,
        seen=walk.seen,
        moving=walk.changed,
        moves=[CategoryMoveAnswer(from_=former, to=new, clients=clients) for former, new, clients in named],
        error=walk.trouble.error if walk.trouble else None,
    )


@post("/v1/rules/categories/check")
@endpoint(roles=OFFICE, body=CategoryDefinitionsRequest, answer=CategoryCheckAnswer, status=202)
def check(ask: Ask) -> CategoryCheckAnswer:
    """Begins to count which clients would move; nothing is changed."""
    return _answer(try_categories(ask.world, ask.access, definitions_of_request(ask.body)))


@get("/v1/rules/categories/check/{walk_id}")
@endpoint(roles=OFFICE, answer=CategoryCheckAnswer)
def see(ask: Ask, walk_id: str) -> CategoryCheckAnswer:
    return _answer(get_try(ask.world, ask.access, walk_id))
