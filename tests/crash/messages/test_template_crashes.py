"""Every AWS call of keeping a text, dropping it and trying it fails in turn; done again, all is there once
at most."""

import contextlib
from collections.abc import Callable
from typing import Any

import pytest

from chalicelib.domain.messages.messages import MessageState
from chalicelib.domain.networks.network import Template
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.messages.preview_message import Draft, PreviewRequest
from chalicelib.services.messages.templates import TemplateKey, Words, remove_template, save_template
from chalicelib.services.messages.try_message import SentTest, try_message
from chalicelib.services.shared.links import Links
from chalicelib.services.shared.world import World
from chalicelib.texts.wording import message_words, text_to_begin_with
from infra.testkit.builders import NETWORK, a_town, access
from infra.testkit.doubles import RecordingSender
from infra.testkit.failing_calls import Calls, Failure, WorkerDied, calls

WORDS = Words(message_words, text_to_begin_with, Links(b"0" * 32, "https://salon.example"))
KEY = TemplateKey(TouchKind.AT_RISK, "sms", "en")


def keep(world: World) -> None:
    save_template(world, WORDS, access(), KEY, text="We miss you, {client}!", subject=None)


def drop(world: World) -> None:
    remove_template(world, access(), KEY)


@pytest.fixture
def begun(store: Any) -> Callable[[], None]:
    """Lays the same state out again, as often as it is called."""

    def begin() -> None:
        store.item.delete_table()
        store.item.create_table(billing_mode="PAY_PER_REQUEST")
        a_town(store)

    return begin


def own_text(world: World) -> tuple[str, int] | None:
    existing = world.store.get(
        Template, network_id=NETWORK, kind=KEY.kind, channel=KEY.channel, language=KEY.language
    )
    return (existing.text, existing.version) if existing is not None else None


@pytest.mark.parametrize(
    ("job", "expected"), [(keep, ("We miss you, {client}!", 1)), (drop, None)], ids=["keep", "drop"]
)
def test_a_text_is_kept_or_dropped_once(
    job: Callable[[World], None],
    expected: tuple[str, int] | None,
    world: World,
    begun: Callable[[], None],
) -> None:
    def prepare() -> None:
        begun()
        if job is drop:
            keep(world)

    prepare()
    with calls(Calls()) as dry:
        job(world)
    for number in range(len(dry.made)):
        for failure in Failure:
            prepare()
            failing = Calls(fails_at=number, failure=failure)
            with calls(failing), contextlib.suppress(WorkerDied, Exception):
                job(world)
            job(world)
            assert own_text(world) == expected, (number, failure, failing.made)


def test_a_test_goes_out_once_at_most(world: World, begun: Callable[[], None]) -> None:
    def try_out(sender: RecordingSender) -> SentTest:
        request = PreviewRequest(KEY, None, "cli_maria00000000001", Draft("We miss you!"))
        return try_message(
            world, WORDS, {"sms": sender}, access(), request, to="+37369555111", request_id="one"
        )

    begun()
    with calls(Calls()) as dry:
        assert try_out(RecordingSender()).outcome.state is MessageState.SENT
    for number in range(len(dry.made)):
        for failure in Failure:
            begun()
            sender = RecordingSender()
            with calls(Calls(fails_at=number, failure=failure)), contextlib.suppress(WorkerDied, Exception):
                try_out(sender)
            again = try_out(sender)
            assert len(sender.sent) <= 1
            assert sender.sent or again.outcome.state is MessageState.UNKNOWN, (number, failure)
