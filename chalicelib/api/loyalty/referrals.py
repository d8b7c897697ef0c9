"""Referrals: the code that a client gives to friends."""

from chalicelib.api.http.endpoint import DESK, Ask, endpoint, get
from chalicelib.api.http.schemas import Answered
from chalicelib.services.clients.referrals import referral_code
from chalicelib.services.clients.register_client import get_client


class ReferralAnswer(Answered):
    """code: to be sent as referral_code when the friend is registered. friends: number of friends whose first
    paid visit was rewarded."""

    code: str
    friends: int


@get("/v1/clients/{client_id}/referral")
@endpoint(roles=DESK, answer=ReferralAnswer)
def see(ask: Ask, client_id: str) -> ReferralAnswer:
    """The client's code, which never changes."""
    found = referral_code(ask.world, get_client(ask.world, ask.access, client_id))
    return ReferralAnswer(code=found.code, friends=found.friends)
