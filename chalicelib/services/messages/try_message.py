"""Send a test message to oneself, through the real channel and with the real text. Its links lead nowhere, so
that a test neither confirms a client's booking nor stops a client's messages."""

from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.messages.allowed_numbers import refusal
from chalicelib.domain.messages.messages import MessageState, Outcome, Outgoing
from chalicelib.domain.messages.phone_numbers import phone_countries
from chalicelib.domain.messages.reasons import reason_words
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.ids import derived
from chalicelib.domain.shared.touches import MARKETING
from chalicelib.services.messages.preview_message import Preview, PreviewRequest, preview
from chalicelib.services.messages.templates import Words
from chalicelib.services.shared.contact_details import email_normal, phone_e164
from chalicelib.services.shared.ports import Sender
from chalicelib.services.shared.rate_limit import DAY, count_use
from chalicelib.services.shared.world import World

TESTS_AN_HOUR, TESTS_A_DAY = 20, 60
TESTS_AN_HOUR_IN_TRIAL = 5
"""So that an owner sees a text on their own phone before the network goes live."""
USEFUL_SECONDS = 3600


class SentTest(Struct, frozen=True):
    """A test message that was sent, and its outcome."""

    preview: Preview
    to: str
    outcome: Outcome


def try_message(
    world: World,
    words: Words,
    senders: Mapping[str, Sender],
    access: Access,
    request: PreviewRequest,
    *,
    to: str,
    request_id: str | None,
) -> SentTest:
    """Sends a test message, in one attempt. It is neither in the log nor in the budget, and so there are
    TESTS_AN_HOUR (in trial TESTS_AN_HOUR_IN_TRIAL) and TESTS_A_DAY at most. There is none where the budget is
    0, and none to numbers that the network's messages may not go to. A repeated request is not sent again:
    its outcome is `unknown`.

    to: a phone, an e-mail address, or the endpoint of a device of the client. Raises NO_CHANNEL, TOO_MANY,
    NO_BUDGET, NUMBER_NOT_ALLOWED, INVALID_PHONE, INVALID_EMAIL, UNKNOWN_DEVICE, and what a preview raises.
    """
    access.ensure_whole_network()
    key = request.key
    sender = senders.get(key.channel)
    if sender is None:
        raise refused("NO_CHANNEL", "Messages cannot leave by this channel here.", channel=key.channel)
    nowhere = replace(words, links=words.links.leading_nowhere())
    shown = preview(world, nowhere, access, request)
    directory = world.directory(access.network_id)
    address = _address(directory, shown, key.channel, to)
    _ensure_allowed(directory, key.channel, address)
    test_id = derived("tst", access.network_id, request_id) if request_id else world.new_id("tst")
    most = TESTS_AN_HOUR_IN_TRIAL if directory.network.trial else TESTS_AN_HOUR
    # The day first: a test that the day refuses must not count as sent in its hour.
    count_use(world, access.network_id, "test sends", test_id, TESTS_A_DAY, within=DAY)
    if not count_use(world, access.network_id, "test sends", test_id, most):
        return SentTest(shown, address, Outcome(MessageState.UNKNOWN, reason="sent_before"))
    outcome = sender.send(
        Outgoing(
            network_id=access.network_id,
            client_id=shown.client.id,
            message_id=test_id,
            kind=key.kind.value,
            language=key.language,
            to=address,
            worded=shown.worded,
            useful_seconds=USEFUL_SECONDS,
            marketing=key.kind in MARKETING,
            identity=directory.network.identities.get(key.channel),
            link=shown.facts.link,
            stop_url=shown.facts.stop_link if key.kind in MARKETING else None,
        )
    )
    return SentTest(shown, address, outcome)


def _ensure_allowed(directory: Directory, channel: str, address: str) -> None:
    if channel != "push" and directory.rules.messages.monthly_budget_usd_cents == 0:
        raise refused("NO_BUDGET", "The month's budget is 0, so that nothing is sent that costs anything.")
    reason = refusal(directory, channel, address)
    if reason is not None:
        raise refused(
            "NUMBER_NOT_ALLOWED",
            f"{reason_words(reason)} Give another number, or set `sms_countries` in the rules.",
            reason=reason,
        )


def _address(directory: Directory, shown: Preview, channel: str, to: str) -> str:
    if channel == "email":
        return email_normal(to)
    if channel != "push":
        return phone_e164(to, *phone_countries(directory, directory.salons))
    if to not in {device.endpoint for device in shown.client.devices}:
        raise refused("UNKNOWN_DEVICE", "A push goes to a device of the client that is named.", to=to[:200])
    return to
