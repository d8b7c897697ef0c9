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
from chalicelib.texts.values import Told, told

_ADDRESSES = frozenset({"link", "stop", "map"})
_NOTHING = "\0"
"""Stands for a value that is not known until the text around it is closed up; no text or name has it."""
_AT_LINE_START = re.compile(rf"^[ \t]*{_NOTHING}(?:[,;:.]?[ \t]*\n|[,;:]?[ \t]*)", re.MULTILINE)
_BEFORE_MARK = re.compile(rf"(?:[ \t]*,)?[ \t]*{_NOTHING}(?=[,.;:!?])|{_NOTHING}")
_BLANKS = re.compile(r"[ \t\u00a0]+")


def filled(
    template: Template, channel: str, facts: MessageFacts, texts: Catalogue, *, plainly: bool
) -> Worded | None:
    """None when the text names what makes no sense unsaid and is not known; a campaign, which has no other
    words, goes without it.

    plainly: the language is one whose SMS stay in GSM-7. Then what is filled into an SMS follows its text: a
    name does not make dear what the salon has written plainly, and is spelt in full where it has not.
    """
    known = told(facts, texts)
    plainly = plainly and channel == "sms" and is_plain(template.text)
    pieces = pieces_of(_complete(template, channel, known, plainly=plainly))
    if template.kind is not TouchKind.CAMPAIGN and _is_wanting(pieces, known):
        return None
    if plainly:
        known = _plainly(known)
    said = _closed_up(_filled(pieces, known))
    if channel == "email":
        return _letter(template, said, pieces, known)
    if channel == "whatsapp" and template.kind is TouchKind.CAMPAIGN:
        return Worded(said, parameters=(said,))  # one template serves all campaigns: its body is the text
    if channel == "whatsapp":
        return Worded(said, parameters=parameters(pieces, known))
    return Worded(said)


def is_plain(text: str) -> bool:
    """Whether the salon's own words, placeholders apart, are in GSM-7."""
    words = (each if isinstance(each, str) else "".join(each.forms) for each in pieces_of(text))
    return alphabet("".join(words)) == "gsm7"


def parameters(pieces: tuple[Piece, ...], known: Told) -> tuple[str, ...]:
    """The values in their order. WhatsApp takes none that is empty."""
    return tuple(_value(each, known) or "–" for each in placeholders(pieces))


def _complete(template: Template, channel: str, known: Told, *, plainly: bool) -> str:
    """What must not be missing follows the salon's text where that has it not: the bonus that goes along with
    a review request, and a way to stop what is marketing."""
    kind, said = template.kind, template.text
    more = []
    if kind is TouchKind.REVIEW_REQUEST and known.with_bonus:
        more.append(sentences.bonus(known))
    named = {each.name for each in placeholders(pieces_of(said))}
    if kind in CARRIES_STOP and channel in ("sms", "whatsapp") and known["stop"] and "stop" not in named:
        more.append(known.gettext("Stop: {link}", link="{stop}"))
    if plainly:
        more = [plain(each) for each in more]
    return "\n".join(filter(None, [said, *more]))


def _is_wanting(pieces: tuple[Piece, ...], known: Told) -> bool:
    needed = {each.name for each in placeholders(pieces)} & NEEDED
    return any(name not in known.numbers if name in NUMBERS else not known[name] for name in needed)


def _value(placeholder: Placeholder, known: Told) -> str:
    return value_of(placeholder, known.words, known.numbers, known.texts.plural_form)


def _plainly(known: Told) -> Told:
    words = {name: word if name in _ADDRESSES else _plain(word) for name, word in known.words.items()}
    return Told(known.texts, words, known.numbers)


def _plain(word: str) -> str:
    return " ".join(plain(word).split())


def _filled(pieces: tuple[Piece, ...], known: Told) -> str:
    return "".join(piece if isinstance(piece, str) else _value(piece, known) or _NOTHING for piece in pieces)


def _closed_up(text: str) -> str:
    """Without the holes of what is not known, and without the lines that were nothing else."""
    text = _BEFORE_MARK.sub("", _AT_LINE_START.sub("", text))
    return "\n".join(_BLANKS.sub(" ", line).strip() for line in text.split("\n")).strip()


def _letter(template: Template, said: str, pieces: tuple[Piece, ...], known: Told) -> Worded:
    subject = letters.titled(sentences.subject(template.kind, known), known)
    if template.subject:
        subject = _closed_up(_filled(pieces_of(template.subject), known)) or subject
    call = None
    if known["link"] and not any(each.name == "link" for each in placeholders(pieces)):
        built_in = sentences.said(template.kind, known) if template.kind in sentences.KINDS else []
        calls = (each for each in built_in if isinstance(each, sentences.Call))
        call = next(calls, None) or sentences.invitation(known)
    paragraphs = [line for line in said.split("\n") if line]
    return letters.letter(known, subject=subject, paragraphs=paragraphs, call=call)
