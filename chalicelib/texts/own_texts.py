"""A network's own text, filled for one message."""

import re

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.networks.network import Template
from chalicelib.domain.shared.sms import alphabet, plain
from chalicelib.domain.shared.templates import (
    CARRIES_STOP,
    NEEDED,
    NUMBERS,
    Piece,
    Placeholder,
    pieces_of,
    placeholders,
    value_of,
)
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.texts import letters, sentences
from chalicelib.texts.languages import Catalogue
from chalicelib.texts.values import TextValues, text_values, with_neutral_words

_ADDRESSES = frozenset({"link", "stop", "map"})
_NOTHING = "\0"
"""Marks an unknown value until the gap is closed; no text and no name has this character."""
_AT_LINE_START = re.compile(rf"^[ \t]*{_NOTHING}(?:[,;:.]?[ \t]*\n|[,;:]?[ \t]*)", re.MULTILINE)
_BEFORE_MARK = re.compile(rf"(?:[ \t]*,)?[ \t]*{_NOTHING}(?=[,.;:!?])|{_NOTHING}")
_BLANKS = re.compile(r"[ \t\u00a0]+")


def filled(
    template: Template, channel: str, facts: MessageFacts, texts: Catalogue, *, plainly: bool
) -> Worded | None:
    """The message made of a network's own text. None: the text names a number or date that is unknown this
    time. A campaign has no other text, and is sent without the value.

    plainly: SMS of this language should stay in GSM-7. Then a name in an SMS is written in GSM-7 where the
    salon's text is, so that a name does not raise the price. Otherwise it keeps its own letters.
    """
    values = with_neutral_words(text_values(facts, texts), facts)
    plainly = plainly and channel == "sms" and is_plain(template.text)
    pieces = pieces_of(_complete(template, channel, values, plainly=plainly))
    if template.kind is not TouchKind.CAMPAIGN and _is_wanting(pieces, values):
        return None
    if plainly:
        values = _plainly(values)
    text = _without_doubled_word(_closed_up(_filled(pieces, values)), values, facts)
    if channel == "email":
        return _letter(template, text, pieces, values)
    if channel == "whatsapp" and template.kind is TouchKind.CAMPAIGN:
        return Worded(text, parameters=(text,))  # one template serves all campaigns: its body is the text
    if channel == "whatsapp":
        return Worded(text, parameters=parameters(pieces, values))
    return Worded(text)


def is_plain(text: str) -> bool:
    """Whether the text without its placeholders is in GSM-7."""
    words = (each if isinstance(each, str) else "".join(each.forms) for each in pieces_of(text))
    return alphabet("".join(words)) == "gsm7"


def parameters(pieces: tuple[Piece, ...], values: TextValues) -> tuple[str, ...]:
    """The values in the order of the placeholders; a dash for an empty one, which WhatsApp refuses."""
    return tuple(_value(each, values) or "–" for each in placeholders(pieces))


def _complete(template: Template, channel: str, values: TextValues, *, plainly: bool) -> str:
    """The salon's text, followed by what it must not lack: the bonus notice that a review request carries,
    and a way to stop marketing."""
    kind, text = template.kind, template.text
    additions = []
    if kind is TouchKind.REVIEW_REQUEST and values.with_bonus:
        additions.append(sentences.bonus(values))
    named = {each.name for each in placeholders(pieces_of(text))}
    if kind in CARRIES_STOP and channel in ("sms", "whatsapp") and values["stop"] and "stop" not in named:
        additions.append(values.gettext("Stop: {link}", link="{stop}"))
    if plainly:
        additions = [plain(each) for each in additions]
    return "\n".join(filter(None, [text, *additions]))


def _is_wanting(pieces: tuple[Piece, ...], values: TextValues) -> bool:
    needed = {each.name for each in placeholders(pieces)} & NEEDED
    return any(name not in values.numbers if name in NUMBERS else not values[name] for name in needed)


def _value(placeholder: Placeholder, values: TextValues) -> str:
    return value_of(placeholder, values.words, values.numbers, values.texts.plural_form)


def _plainly(values: TextValues) -> TextValues:
    words = {name: word if name in _ADDRESSES else _plain(word) for name, word in values.words.items()}
    return TextValues(values.texts, words, values.numbers)


def _plain(word: str) -> str:
    return " ".join(plain(word).split())


def _filled(pieces: tuple[Piece, ...], values: TextValues) -> str:
    return "".join(piece if isinstance(piece, str) else _value(piece, values) or _NOTHING for piece in pieces)


def _without_doubled_word(text: str, values: TextValues, facts: MessageFacts) -> str:
    """The text without the salon's word for a specialist where the neutral words have it, too: no "мастер ваш
    мастер"."""
    if not facts.unnamed_staff or facts.staff:
        return text
    neutral = values["staff"]
    return text.replace(f"{neutral.rpartition(' ')[2]} {neutral}", neutral)


def _closed_up(text: str) -> str:
    """The text without the gaps of unknown values, and without lines that would be empty by them."""
    text = _BEFORE_MARK.sub("", _AT_LINE_START.sub("", text))
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in text.split("\n")).strip()


def _letter(template: Template, text: str, pieces: tuple[Piece, ...], values: TextValues) -> Worded:
    subject = letters.titled(sentences.subject(template.kind, values), values)
    if template.subject:
        subject = _closed_up(_filled(pieces_of(template.subject), values)) or subject
    call = None
    if values["link"] and not any(each.name == "link" for each in placeholders(pieces)):
        built_in = sentences.sentences_of(template.kind, values) if template.kind in sentences.KINDS else []
        calls = (each for each in built_in if isinstance(each, sentences.Call))
        call = next(calls, None) or sentences.invitation(values)
    paragraphs = [line for line in text.split("\n") if line]
    return letters.letter(values, subject=subject, paragraphs=paragraphs, call=call)
