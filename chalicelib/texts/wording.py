"""The texts of the messages that clients get, in their language and as long as their channel allows.

An SMS is short and costs the least number of parts. Cyrillic always takes UCS-2 (70 characters, then 67 a
part). English and Romanian are kept in GSM-7 (160, then 153). Romanian has no diacritics there, as people in
Moldova and Romania write their own SMS: a single ș or ț would more than double the price. Names in Cyrillic
are transliterated for the same reason. A push is shorter and opens by a tap. A WhatsApp message and an e-mail
(texts/letters.py) greet the client by name.
"""

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.networks.network import Template
from chalicelib.domain.shared.sms import parts, plain
from chalicelib.domain.shared.templates import CARRIES_STOP, SOMETIMES, pieces_of, placeholders_of
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.texts import letters, own_texts
from chalicelib.texts.languages import Catalogue, catalogue
from chalicelib.texts.sentences import Call, sentences_of, stop_words, subject
from chalicelib.texts.values import TextValues, pattern, text_values, with_neutral_words

PLAIN_LANGUAGES = frozenset(["ro", "en"])

# How long names may be, the mildest limit first. A name is cut only if that saves a part. Addresses and links
# are never cut, since half of one leads nowhere.
_NAME_LIMITS = (200, 40, 30, 24, 18)
_PUSH_NAME = 40
NOTICE_TEXT = "notice_text"
"""The registered text of WhatsApp for notices that are no news of one booking."""
_ABOUT_BOOKING = frozenset(
    {TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER, TouchKind.REVIEW_REQUEST}
)
"""Kinds whose messages always have a page to link to."""


def message_words(
    kind: str, channel: str, language: str, facts: MessageFacts, template: Template | None
) -> Worded:
    """The text of a message, in one of LANGUAGES: the network's own text, else the built-in one.

    The built-in text is also used where the own text names a number or date that is unknown this time, and
    where it does not say what there is to say: that a booking is cancelled, or several dates. Raises
    ValueError where there is no text, as for a campaign without one.
    """
    texts = catalogue(language)
    if template is not None and not facts.cancelled and not facts.dates:
        filled = own_texts.filled(template, channel, facts, texts, plainly=language in PLAIN_LANGUAGES)
        if filled is not None:
            return filled
    match channel:
        case "sms":
            return Worded(_sms(kind, facts, texts))
        case "push":
            return Worded(_push(kind, text_values(facts, texts, _PUSH_NAME)))
        case "whatsapp":
            values = with_neutral_words(text_values(facts, texts), facts)  # its text has placeholders
            if facts.cancelled or facts.dates:
                return whole_by_whatsapp(_whatsapp(kind, values))
            return Worded(_whatsapp(kind, values), parameters=_parameters(kind, values))
        case "email":
            values = text_values(facts, texts)
            return letters.letter(
                values,
                subject=letters.titled(subject(kind, values), values),
                paragraphs=_paragraphs(kind, values),
                call=_call(kind, values),
            )
    raise ValueError(f"no words for the channel {channel!r}")


def whole_by_whatsapp(text: str) -> Worded:
    """A notice whose words the registered template of notices does not have: its one value is the text."""
    return Worded(text, parameters=(text,), registered_as=NOTICE_TEXT)


def text_to_begin_with(kind: TouchKind, channel: str, language: str) -> tuple[str, str | None]:
    """The built-in text, and an e-mail's subject, with placeholders in place of all values. A network begins
    its own text from it. Raises ValueError for a campaign."""
    values = _pattern(kind, catalogue(language))
    match channel:
        case "sms":
            return _sms_text(kind, values), None
        case "push":
            return _push(kind, values), None
        case "whatsapp":
            return _whatsapp(kind, values), None
    return "\n".join(_paragraphs(kind, values)), letters.titled(subject(kind, values), values)


def _pattern(kind: TouchKind, texts: Catalogue) -> TextValues:
    """The placeholders of a kind that are always known, so that a text with them is always used."""
    left_out = {"map", *SOMETIMES.get(kind, ())}
    if kind not in _ABOUT_BOOKING:
        left_out.add("link")
    if kind not in CARRIES_STOP:
        left_out.add("stop")
    return pattern(tuple(name for name in placeholders_of(kind) if name not in left_out), texts)


def _sentences(kind: str, values: TextValues) -> list[str]:
    return [each for each in sentences_of(kind, values) if isinstance(each, str)]


def _call(kind: str, values: TextValues) -> Call | None:
    return next((each for each in sentences_of(kind, values) if isinstance(each, Call)), None)


def _stop(kind: str, values: TextValues) -> str:
    return stop_words(values) if kind in CARRIES_STOP else ""


def _from(values: TextValues) -> str:
    """The salon, and the person who comes where somebody else gets the message: `Orhideea (Tim)`."""
    return f"{values['salon']} ({values.person})" if values.person else values["salon"]


# --- SMS


def _sms(kind: str, facts: MessageFacts, texts: Catalogue) -> str:
    """The built-in SMS. Long names are cut and spare sentences are left out only where that saves a part: of
    all versions with the fewest parts, the fullest is taken."""
    longest = max(map(len, (facts.salon_name, facts.staff or "", ", ".join(facts.services))))
    fullest, *shorter = _NAME_LIMITS
    limits = [fullest, *(limit for limit in shorter if limit < longest)]  # mostly there is just one
    versions = [(text_values(facts, texts, limit), spare) for spare in (True, False) for limit in limits]
    return min((_sms_text(kind, values, spare) for values, spare in versions), key=parts)


def _sms_text(kind: str, values: TextValues, spare: bool = True) -> str:
    pieces = sentences_of(kind, values)
    if not spare:
        pieces = [each for each in pieces if not (isinstance(each, Call) and each.spare)]
    sentences = [each.words if isinstance(each, Call) else each for each in pieces]
    words = f"{_from(values)}: {' '.join(sentences)} {_stop(kind, values)}".split()
    if values.texts.language in PLAIN_LANGUAGES:
        words = [word if "://" in word else plain(word) for word in words]
    return " ".join(filter(None, words))


# --- push, WhatsApp, e-mail


def _push(kind: str, values: TextValues) -> str:
    """A push has no link, since a tap opens it, and no way to stop it, since devices have one."""
    wanted = _call(kind, values)
    asked = f"{wanted.label}." if wanted is not None and wanted.asks else ""
    return " ".join(f"{_from(values)}: {' '.join(_sentences(kind, values))} {asked}".split())


def _whatsapp(kind: str, values: TextValues) -> str:
    wanted = _call(kind, values)
    lines = [
        letters.greeting(values),
        letters.capital(" ".join(_sentences(kind, values))),
        wanted.words if wanted is not None else "",
        values["salon"],
        _stop(kind, values),
    ]
    return "\n".join(filter(None, lines))


def _parameters(kind: str, values: TextValues) -> tuple[str, ...]:
    """The values in the order of the placeholders in the text to begin with, which is the text registered at
    WhatsApp."""
    text = _whatsapp(kind, _pattern(TouchKind(kind), values.texts))
    return own_texts.parameters(pieces_of(text), values)


def _paragraphs(kind: str, values: TextValues) -> list[str]:
    first, *others = _sentences(kind, values)
    return [letters.greeting(values), letters.capital(first), *others]
