"""Whether the service is alive. The answer shows nothing of any tenant, and AWS is not asked."""

from chalice.app import Request

from chalicelib.api.http.endpoint import get, public
from chalicelib.api.http.schemas import Answered


class Health(Answered):
    status: str


@get("/health")
@public(answer=Health)
def health(request: Request) -> Health:
    return Health(status="ok")
