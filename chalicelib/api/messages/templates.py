"""A network's own texts of messages, by kind, channel and language."""

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

import msgspec
from msgspec import Meta

from chalicelib.api.http.endpoint import OFFICE, Ask, delete, endpoint, get, put
from chalicelib.api.http.parsing import Body
from chalicelib.api.http.schemas import Answered, CostOfMessage, Listing, PageOf, Word, in_pages
from chalicelib.domain.messages.prices import billed_parts, estimated_micros
from chalicelib.domain.shared.sms import alphabet
from chalicelib.domain.shared.templates import placeholders_of
from chalicelib.services.messages import templates
from chalicelib.services.messages.sample_facts import TextWarning
from chalicelib.services.messages.templates import TemplateView, TextInUse, Words

MessageText = Annotated[str, Meta(max_length=20_000)]
"""The limit of a channel is lower: see docs/messages.md."""
Subject = Annotated[str, Meta(max_length=1000)]
Version = Annotated[int, Meta(ge=0, le=10**12)]


class OwnText(Body):
    """text: with {placeholders}. subject: an e-mail's. version: that of the text which is replaced, 0 for
    none."""

    text: MessageText
    subject: Subject | None = None
    version: Version | None = None


class TemplateFilter(Listing):
    """own: only the network's own texts, or only the built-in ones."""

    kind: Word | None = None
    channel: Word | None = None
    language: Word | None = None
    own: bool | None = None


class VersionAsked(Body):
    version: Version | None = None


class WarningAnswer(Answered):
    """code: stable, see docs/messages.md."""

    code: str
    message: str
    details: dict[str, Any]


class SampleAnswer(msgspec.Struct, kw_only=True, omit_defaults=True):
    """The message that the text makes for a client with a usual name."""

    text: str
    parts: int
    alphabet: str
    cost: CostOfMessage
    subject: str | None = None
    html: str | None = None


class TemplateLine(msgspec.Struct, kw_only=True, omit_defaults=True):
    """own: the network's own, not the built-in text. version: 0 of what is built in."""

    id: str
    kind: str
    channel: str
    language: str
    own: bool
    text: str
    version: int
    subject: str | None = None
    changed_at: datetime | None = None


class TemplateAnswer(TemplateLine, kw_only=True, omit_defaults=True):
    """placeholders: those that a text of this kind may have. numbered: as WhatsApp wants it registered."""

    placeholders: list[str]
    preview: SampleAnswer
    warnings: list[WarningAnswer]
    numbered: str | None = None


def words(ask: Ask) -> Words:
    from chalicelib.texts.wording import message_words, text_to_begin_with

    return Words(message_words, text_to_begin_with, ask.container.links())


def warned(warnings: Sequence[TextWarning]) -> list[WarningAnswer]:
    return [WarningAnswer(code=w.code, message=w.message, details=dict(w.details)) for w in warnings]


def _line(in_use: TextInUse) -> dict[str, Any]:
    key, template = in_use.key, in_use.template
    return {
        "id": f"{key.kind}.{key.channel}.{key.language}",
        "kind": key.kind.value,
        "channel": key.channel,
        "language": key.language,
        "own": in_use.own,
        "text": template.text,
        "subject": template.subject,
        "version": template.version,
        "changed_at": template.changed_at if in_use.own else None,
    }


def _answer(view: TemplateView) -> TemplateAnswer:
    key, worded = view.in_use.key, view.worded
    parts = billed_parts(key.channel, worded.text)
    rules = view.directory.rules.messages
    return TemplateAnswer(
        **_line(view.in_use),
        placeholders=sorted(placeholders_of(key.kind)),
        preview=SampleAnswer(
            text=worded.text,
            parts=parts,
            alphabet=alphabet(worded.text),
            cost=CostOfMessage(amount_micros=estimated_micros(view.directory, rules, key.channel, "", parts)),
            subject=worded.subject,
            html=worded.html,
        ),
        warnings=warned(view.warnings),
        numbered=view.in_use.numbered,
    )


@get("/v1/templates")
@endpoint(roles=OFFICE, query=TemplateFilter, answer=PageOf[TemplateLine])
def find(ask: Ask) -> PageOf[TemplateLine]:
    """All texts that messages are made of, in the order of their ids."""
    asked: TemplateFilter = ask.query
    found = [
        TemplateLine(**_line(in_use))
        for in_use in templates.list_templates(ask.world, words(ask), ask.access)
        if asked.own in (None, in_use.own)
        and asked.kind in (None, in_use.key.kind)
        and asked.channel in (None, in_use.key.channel)
        and asked.language in (None, in_use.key.language)
    ]
    return in_pages(found, asked)


_PATH = "/v1/templates/{kind}/{channel}/{language}"


@get(_PATH)
@endpoint(roles=OFFICE, answer=TemplateAnswer)
def see(ask: Ask, kind: str, channel: str, language: str) -> TemplateAnswer:
    """The network's own text, or the built-in one to begin with."""
    key = templates.key_of_template(kind, channel, language)
    return _answer(templates.get_template(ask.world, words(ask), ask.access, key))


@put(_PATH)
@endpoint(roles=OFFICE, body=OwnText, answer=TemplateAnswer)
def keep(ask: Ask, kind: str, channel: str, language: str) -> TemplateAnswer:
    """It holds for all messages that are sent from now on, within a minute everywhere."""
    request: OwnText = ask.body
    key = templates.key_of_template(kind, channel, language)
    return _answer(
        templates.save_template(
            ask.world,
            words(ask),
            ask.access,
            key,
            text=request.text,
            subject=request.subject,
            version=request.version,
        )
    )


@delete(_PATH)
@endpoint(roles=OFFICE, query=VersionAsked, status=204)
def drop(ask: Ask, kind: str, channel: str, language: str) -> None:
    """The built-in words hold again."""
    key = templates.key_of_template(kind, channel, language)
    templates.remove_template(ask.world, ask.access, key, ask.query.version)
