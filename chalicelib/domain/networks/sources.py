"""The sources of a network's clients: what each is called by whom, and what it cost by month. A client keeps
the word that was said; which source that word means is looked up in today's list."""

import re
import unicodedata
from collections.abc import Iterator, Mapping
from datetime import date, datetime
from enum import StrEnum
from functools import lru_cache
from types import MappingProxyType
from urllib.parse import unquote_plus

from msgspec import Struct, field

from chalicelib.domain.shared.plain_text import visible_text

MAX_WORD = 100
"""The characters of a source's word that count."""

_UTM_SOURCE = r"(?:^|[?&#;\s])utm_source=([^&#;\s]+)"
_PARAMETERS = r"[?#&;][^\s=]*=.*$"
_ADDRESS = r"^(?:[a-z]+://)?((?:[\w-]+\.)+[^\W\d_]{2,})(?::\d+)?(?:[/?#]\S*)?$"
_OF_A_DEVICE = r"^(?:(?:www|m|l|lm|mobile)\.)+(?=.+\.)"
_BETWEEN_WORDS = r"[\s_+-]+"
_ONE_LETTER = str.maketrans({"ё": "е", "ş": "ș", "ţ": "ț"})
_AROUND = " .,;:!?\"'`«»“”„()[]{}<>#@*/\\|–—"


class SourceType(StrEnum):
    """What kind of source it is. client_word: another client recommended the salon; colleague_word: somebody
    who works there did. walk_in: passed by. own_site: the network's own site."""

    PLATFORM = "platform"
    SOCIAL = "social"
    CLIENT_WORD = "client_word"
    COLLEAGUE_WORD = "colleague_word"
    WALK_IN = "walk_in"
    OWN_SITE = "own_site"


class MonthCost(Struct, frozen=True):
    """What a source cost in a month, in minor units."""

    amount_minor: int
    currency: str


class Source(Struct, frozen=True, kw_only=True):
    """Where clients come from, as the network lists it.

    aliases   other words for it, as sites send and people write them, in the form of `source_key`. No word
              is of two sources.
    costs     by month, as `2026-03`. A month without a cost is one whose cost nobody told.
    archived  not offered any more; its clients keep it.
    """

    network_id: str
    id: str
    name: str
    type: SourceType
    aliases: tuple[str, ...] = ()
    costs: Mapping[str, MonthCost] = field(default_factory=lambda: MappingProxyType({}))
    archived: bool = False
    version: int = 0


class HeardSource(Struct, frozen=True, kw_only=True):
    """A word for a source that none of the network's sources is called by.

    id        follows from the word's key.
    said      the word as it was said last.
    first_on, last_on
              the first and the last day (UTC) on which a new client came with it.
    days      on how many days.
    """

    network_id: str
    id: str
    said: str
    first_on: date
    last_on: date
    days: int
    expires_at: datetime


@lru_cache(maxsize=4096)
def source_key(word: str) -> str:
    """The form in which words for sources are compared; "" for a word without letters and digits.

    Case, blanks, dashes, quotation marks and tracking parameters make no difference. Of a web address its
    host counts, and where it names a utm_source, that alone.
    """
    text = unicodedata.normalize("NFKC", visible_text(word)).casefold().translate(_ONE_LETTER).strip()
    tracked = re.search(_UTM_SOURCE, text)
    if tracked is not None:
        text = unquote_plus(tracked[1])
    address = re.match(_ADDRESS, text)
    text = re.sub(_OF_A_DEVICE, "", address[1]) if address else re.sub(_PARAMETERS, "", text)
    key = re.sub(_BETWEEN_WORDS, " ", text).strip(_AROUND)[:MAX_WORD].rstrip()
    return key if any(sign.isalnum() for sign in key) else ""


def words_of(source: Source) -> Iterator[str]:
    """All keys by which the source is known: of its id, its name, and its aliases."""
    yield from dict.fromkeys((source_key(source.id), source_key(source.name), *source.aliases))


def source_named(sources: Mapping[str, Source], word: str | None) -> Source | None:
    """The source that a word means, archived or not; None: the word is unknown. Should two sources have the
    word, the older one is meant."""
    key = source_key(word) if word else ""
    if not key:
        return None
    return next((sources[each] for each in sorted(sources) if key in words_of(sources[each])), None)


def counted_as(sources: Mapping[str, Source], word: str) -> str:
    """What clients with that word count under: the id of the source that it means, else the word's key."""
    source = source_named(sources, word)
    return source.id if source is not None else source_key(word) or word


def is_source(sources: Mapping[str, Source], word: str | None, wanted: str) -> bool:
    """Whether a client's word means the wanted source, which is named by its id or by any word for it. A word
    that no source is called by means itself."""
    return word is not None and counted_as(sources, word) == counted_as(sources, wanted)
