"""The words of the messages that clients get, in their language and as long as their channel allows.

An SMS is short and costs the least number of parts: Cyrillic always takes UCS-2 (70 characters, then 67 a
part), English and Romanian are kept in GSM-7 (160, then 153). Romanian goes without diacritics there, as
people in Moldova and Romania write their own SMS, because a single ș or ț would more than double the price;
names written in Cyrillic are transliterated, for the same reason. A push is shorter still and is opened by a
tap; a WhatsApp message and an e-mail (texts/letters.py) greet the client by name.
"""

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.messages.messages import Worded
from chalicelib.domain.networks.network import Template
from chalicelib.domain.shared.sms import parts, plain
from chalicelib.domain.shared.templates import CARRIES_STOP, SOMETIMES, pieces_of, placeholders_of
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.texts import letters, own_words
from chalicelib.texts.languages import Catalogue, catalogue
from chalicelib.texts.sentences import Call, said, stop_words, subject
from chalicelib.texts.values import Told, pattern, told

PLAIN_LANGUAGES = frozenset(["ro", "en"])

# How long names may be, gentlest first. A name is cut only if that spares a part; addresses and links never
# are, since half of one leads nowhere.
_NAME_LIMITS = (200, 40, 30, 24, 18)
_PUSH_NAME = 40
_ABOUT_BOOKING = frozenset(
    {TouchKind.NOTICE, TouchKind.CONFIRM_REQUEST, TouchKind.CONTROL_REMINDER, TouchKind.REVIEW_REQUEST}
)
"""Kinds that always have a page to lead to."""


def message_words(
    kind: str, channel: str, language: str, facts: MessageFacts, template: Template | None
) -> Worded:
    """What a message of a kind says in one of LANGUAGES: the network's own words, else the built-in ones.

    The built-in words also stand in for a text that names a number or date which is not known this time.
    Raises ValueError for what there are no words for, a campaign without a text among them.
    """
    texts = catalogue(language)
    if template is not None:
        own = own_words.filled(template, channel, facts, texts, plainly=language in PLAIN_LANGUAGES)
        if own is not None:
            return own
    match channel:
        case "sms":
            return Worded(_sms(kind, facts, texts))
        case "push":
            return Worded(_push(kind, told(facts, texts, _PUSH_NAME)))
        case "whatsapp":
            known = told(facts, texts)
            return Worded(_whatsapp(kind, known), parameters=_parameters(kind, known))
        case "email":
            known = told(facts, texts)
            return letters.letter(
                known,
                subject=letters.titled(subject(kind, known), known),
                paragraphs=_paragraphs(kind, known),
                call=_call(kind, known),
            )
    raise ValueError(f"no words for the channel {channel!r}")


def text_to_begin_with(kind: TouchKind, channel: str, language: str) -> tuple[str, str | None]:
    """The built-in text, and an e-mail's subject, with placeholders in place of all values: what a network
    starts from when it writes its own. Raises ValueError for a campaign."""
    known = _pattern(kind, catalogue(language))
    match channel:
        case "sms":
            return _sms_text(kind, known), None
        case "push":
            return _push(kind, known), None
        case "whatsapp":
            return _whatsapp(kind, known), None
    return "\n".join(_paragraphs(kind, known)), letters.titled(subject(kind, known), known)


def _pattern(kind: TouchKind, texts: Catalogue) -> Told:
    """Only what is always known, so that the text is always used."""
    left_out = {"map", *SOMETIMES.get(kind, ())}
    if kind not in _ABOUT_BOOKING:
        left_out.add("link")
    if kind not in CARRIES_STOP:
        left_out.add("stop")
    return pattern(tuple(name for name in placeholders_of(kind) if name not in left_out), texts)


def _sentences(kind: str, known: Told) -> list[str]:
    return [each for each in said(kind, known) if isinstance(each, str)]


def _call(kind: str, known: Told) -> Call | None:
    return next((each for each in said(kind, known) if isinstance(each, Call)), None)


def _stop(kind: str, known: Told) -> str:
    return stop_words(known) if kind in CARRIES_STOP else ""


# --- SMS


def _sms(kind: str, facts: MessageFacts, texts: Catalogue) -> str:
    """Long names are shortened, and what is spare is left out, just as far as that makes the message cheaper:
    of all readings with the fewest parts the fullest is taken."""
    longest = max(map(len, (facts.salon_name, facts.staff or "", ", ".join(facts.services))))
    fullest, *shorter = _NAME_LIMITS
    limits = [fullest, *(limit for limit in shorter if limit < longest)]  # mostly there is just one
    readings = [(told(facts, texts, limit), spare) for spare in (True, False) for limit in limits]
    return min((_sms_text(kind, known, spare) for known, spare in readings), key=parts)


def _sms_text(kind: str, known: Told, spare: bool = True) -> str:
    pieces = [each for each in said(kind, known) if spare or not (isinstance(each, Call) and each.spare)]
    sentences = [each.words if isinstance(each, Call) else each for each in pieces]
    words = f"{known['salon']}: {' '.join(sentences)} {_stop(kind, known)}".split()
    if known.texts.language in PLAIN_LANGUAGES:
        words = [word if "://" in word else plain(word) for word in words]
    return " ".join(filter(None, words))


# --- push, WhatsApp, e-mail


def _push(kind: str, known: Told) -> str:
    """It is opened by a tap, so that it has no address in it, and no way to stop it: devices have that."""
    wanted = _call(kind, known)
    asked = f"{wanted.label}." if wanted is not None and wanted.asks else ""
    return " ".join(f"{known['salon']}: {' '.join(_sentences(kind, known))} {asked}".split())


def _whatsapp(kind: str, known: Told) -> str:
    wanted = _call(kind, known)
    lines = [
        letters.greeting(known),
        letters.capital(" ".join(_sentences(kind, known))),
        wanted.words if wanted is not None else "",
        known["salon"],
        _stop(kind, known),
    ]
    return "\n".join(filter(None, lines))


def _parameters(kind: str, known: Told) -> tuple[str, ...]:
    """In the order in which the text to begin with has them: so is it registered at WhatsApp."""
    text = _whatsapp(kind, _pattern(TouchKind(kind), known.texts))
    return own_words.parameters(pieces_of(text), known)


def _paragraphs(kind: str, known: Told) -> list[str]:
    first, *others = _sentences(kind, known)
    return [letters.greeting(known), letters.capital(first), *others]
