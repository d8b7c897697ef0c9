"""SMS by AWS End User Messaging (`pinpoint-sms-voice-v2`): the default in production.

It takes our context, which its events return, and a time after which a message is not delivered.
"""

from collections.abc import Callable, Iterator
from typing import Any

from chalicelib.channels.attempt import Answer, Refusal, attempt
from chalicelib.channels.context import Context, as_pairs
from chalicelib.domain.messages.messages import Outcome, Outgoing

USEFUL_LEAST, MAX_USEFUL = 5, 259_200
"""Seconds that `TimeToLive` takes: up to three days."""

_NO_SENDER = Refusal("no_sender_for_country")
_BLOCKED = Refusal("country_blocked")
_SUSPENDED = Refusal("account_suspended")
_NO_SMS = Refusal("no_sms_there", bad_address=True)

_REFUSALS = {
    "DestinationPhoneNumber": _NO_SMS,
    "DESTINATION_PHONE_NUMBER_OPTED_OUT": Refusal("opted_out"),
    "DESTINATION_PHONE_NUMBER_NOT_VERIFIED": Refusal("number_not_verified"),
    "DESTINATION_PHONE_NUMBER_BLOCKED_BY_PROTECT_NUMBER_OVERRIDE": Refusal("number_blocked"),
    "DESTINATION_COUNTRY_BLOCKED_BY_PROTECT_CONFIGURATION": _BLOCKED,
    "DESTINATION_COUNTRY_BLOCKED": _BLOCKED,
    "COUNTRY_NOT_ENABLED": _BLOCKED,
    "INTERNATIONAL_SENDING_NOT_SUPPORTED": _BLOCKED,
    "PRICE_OVER_THRESHOLD": Refusal("too_expensive"),
    "MONTHLY_SPEND_LIMIT_REACHED_FOR_TEXT": Refusal("spend_limit_reached"),
    "COUNTRY_CODE_MISMATCH": _NO_SENDER,
    "INVALID_IDENTITY_FOR_DESTINATION_COUNTRY": _NO_SENDER,
    "MESSAGE_TYPE_MISMATCH": _NO_SENDER,
    "NO_ORIGINATION_IDENTITIES_FOUND": _NO_SENDER,
    "SENDER_ID_NOT_REGISTERED": _NO_SENDER,
    "SENDER_ID_NOT_SUPPORTED": _NO_SENDER,
    "SENDER_ID_REQUIRES_REGISTRATION": _NO_SENDER,
    "ACCOUNT_DISABLED": _SUSPENDED,
    "INSUFFICIENT_ACCOUNT_REPUTATION": _SUSPENDED,
    "ServiceQuotaExceededException": Refusal("quota_reached"),
}
"""A reason, field or code of an answer -> the refusal."""


class EndUserSms:
    """channel `sms` through a botocore client of `pinpoint-sms-voice-v2`.

    pool               the sender of networks without an identity of their own; empty: AWS chooses among the
                       identities of the account.
    configuration_set  where events go; empty: the account's default.
    max_price          the highest price of a message in US dollars, such as `0.20`; empty: no limit.
    """

    channel = "sms"

    def __init__(
        self, client: Callable[[], Any], pool: str = "", configuration_set: str = "", max_price: str = ""
    ) -> None:
        self._client = client
        self._settings = {
            "OriginationIdentity": pool,
            "ConfigurationSetName": configuration_set,
            "MaxPrice": max_price,
        }

    def send(self, outgoing: Outgoing) -> Outcome:
        identity = {"OriginationIdentity": outgoing.identity} if outgoing.identity else {}
        request = {
            **{name: value for name, value in (self._settings | identity).items() if value},
            "DestinationPhoneNumber": outgoing.to,
            "MessageBody": outgoing.worded.text,
            "MessageType": "PROMOTIONAL" if outgoing.marketing else "TRANSACTIONAL",
            "TimeToLive": min(max(outgoing.useful_seconds, USEFUL_LEAST), MAX_USEFUL),
            "Context": as_pairs(Context(outgoing.network_id, outgoing.client_id, outgoing.message_id)),
        }
        return attempt(lambda: self._client().send_text_message(**request), "MessageId", _explain)


def _explain(code: str, answer: Answer) -> Refusal | None:
    return next((_REFUSALS[name] for name in _named(code, answer) if name in _REFUSALS), None)


def _named(code: str, answer: Answer) -> Iterator[str]:
    """The names in an answer, the most specific first: the reason, the fields, the code. The reason comes
    before the field, since the phone's field is also named where its country takes no SMS."""
    reason = str(answer.get("Reason", ""))
    yield reason
    for field in answer.get("Fields") or ():
        yield str(field.get("Name", ""))
    yield code
