"""Referrals: the code that a client hands on to friends."""

from chalicelib.api.http.endpoint import DESK, Ask, endpoint, get
from chalicelib.api.http.schemas import Answered
from chalicelib.services.clients.referrals import referral_code
from chalicelib.services.clients.register_client import get_client


class ReferralAnswer(Answered):
    """code: to be said in referral_code when the friend is registered. friends: of how many the first paid
    visit was rewarded."""

    code: str
    friends: int


@get("/v1/clients/{client_id}/referral")
@endpoint(roles=DESK, answer=ReferralAnswer)
def see(ask: Ask, client_id: str) -> ReferralAnswer:
    """The same code every time."""
    found = referral_code(ask.world, get_client(ask.world, ask.access, client_id))
    return ReferralAnswer(code=found.code, friends=found.friends)
