"""Replies: what clients write back, and what their words mean. Pure.

STOP is recognised by carriers' words, and by phrases of three languages (`opt_outs`): it has to be honoured
at once, but only where it is beyond doubt. A confirmation is recognised only where the reply says nothing
else. A person reads all other replies.
"""

import re
import unicodedata
from datetime import datetime
from enum import StrEnum

from msgspec import Struct

from chalicelib.domain.messages.opt_outs import asks_to_stop
from chalicelib.domain.messages.reply_text import bare

WORDS_KEPT = 500
MOST_STARTS = 3
"""How often within 24 hours a client may take up messages by START after a STOP. A STOP always counts."""


class Meaning(StrEnum):
    """stop: no more messages. start: messages again. yes: the client confirms the booking. no, unclear: the
    salon should call."""

    STOP = "stop"
    START = "start"
    YES = "yes"
    NO = "no"
    UNCLEAR = "unclear"


class Reply(Struct, frozen=True, kw_only=True):
    """What a client wrote. to: our number (E.164), or the id of our WhatsApp number; sender: the client's
    phone (E.164).

    id           the provider's id of the reply: a second delivery has the same.
    in_reply_to  the provider's id of our message that the client replied to, where the provider reports it.
    """

    channel: str
    to: str
    sender: str
    text: str
    id: str
    at: datetime
    in_reply_to: str | None = None


def meaning(text: str) -> Meaning:
    """The meaning of a reply. Case, diacritics, blanks, dots and polite words do not matter."""
    sign = _SIGNS.get("".join(text.split()).strip(_AROUND_SIGNS))
    if sign is not None:
        return sign
    if asks_to_stop(text):
        return Meaning.STOP
    words = _words(text)
    telling = [word for word in words if word not in _POLITE] or words
    together = "".join(telling)
    if together in _STOP:
        return Meaning.STOP
    if together in _START:
        return Meaning.START
    if telling and (_YES.issuperset(telling) or together in _YES):
        return Meaning.YES
    return Meaning.NO if telling and telling[0] in _NO else Meaning.UNCLEAR


def words_kept(text: str) -> str:
    """The words for a task: one line of at most WORDS_KEPT characters, without control characters."""
    plain = "".join(" " if unicodedata.category(char)[0] in "CZ" else char for char in text)
    return " ".join(plain.split())[:WORDS_KEPT]


def _words(text: str) -> list[str]:
    return re.findall(r"[^\W_]+", bare(text))


def _set(words: str) -> frozenset[str]:
    return frozenset(bare(words).split())


_SIGNS = {
    **dict.fromkeys(("+", "++", "+++", "👍", "👌", "✅", "✔"), Meaning.YES),
    **dict.fromkeys(("-", "--", "---", "–", "—", "−", "👎", "❌"), Meaning.NO),
}
_AROUND_SIGNS = ".!\ufe0f\U0001f3fb\U0001f3fc\U0001f3fd\U0001f3fe\U0001f3ff"
"""Full stops, and the characters that give an emoji its form or its skin colour."""
_STOP = _set(
    "stop stopall unsubscribe unsub optout revoke arret cancel end quit remove td "  # AWS's, and by law
    "стоп отписаться отписка отписать dezabonare dezabonati renunt"
)
"""Carriers' words, which stop messages where the reply says nothing else. Each is written as one word, so
that `S T O P`, `opt out` and `opt-out` are found, too."""
_START = _set("start unstop старт подписаться подписка подпишите abonare abonati subscribe")
_YES = _set(
    "да ага угу ок окей хорошо конечно подтверждаю подтверждаем приду придем буду будем "
    "da bine sigur desigur confirm confirma confirmat confirmare vin venim "
    "yes yep yeah y ok okay okey sure confirmed"
)
_NO = _set("нет не отмена отмените отменить nu anulare anulez anulati no nope n not cannot")
_POLITE = _set(
    "пожалуйста спасибо прошу мне меня от я мы смс sms спам spam рассылка рассылки рассылку сообщения больше "
    "va rog ma multumesc mersi mesaje please pls thanks thank you me us messages texts texting i we"
)
