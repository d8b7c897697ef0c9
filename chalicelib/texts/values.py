"""What a message tells, in the words of its language: the values of all placeholders, from which both the
built-in sentences and a network's own texts are made."""

import re
from collections.abc import Mapping

from msgspec import Struct

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.shared.zones import local_date, zone
from chalicelib.texts import formats
from chalicelib.texts.languages import Catalogue

MAX_NAME = 200
_NAME = re.compile(r"\{(\w+)\}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class TextValues(Struct, frozen=True):
    """words: by the placeholder's name, "" for what is not known. numbers: those that are known."""

    texts: Catalogue
    words: Mapping[str, str]
    numbers: Mapping[str, int]
    moved: bool = False
    with_bonus: bool = False
    on_the_day: bool = False

    def __getitem__(self, name: str) -> str:
        return self.words[name]

    def gettext(self, message: str, **values: str) -> str:
        """The sentence with these values in place of their names."""
        return _put(self.texts.gettext(message), values)

    def ngettext(self, one: str, many: str, name: str, **values: str) -> str:
        """The sentence for the number of that name, which stands in it as {n}."""
        number = self.numbers[name]
        return _put(self.texts.ngettext(one, many, number), {"n": str(number), **values})


class Pattern(TextValues, frozen=True):
    """Every value is its own placeholder, so that the built-in sentences come out as a text to begin with."""

    def ngettext(self, one: str, many: str, name: str, **values: str) -> str:
        """`+{n} point`, `+{n} points` become `+{points} {points|point|points}`."""
        sentences = self.texts.forms(one, many)
        before = _put(sentences[0].partition("{n} ")[0], values)
        forms = [sentence.partition("{n} ")[2].split() for sentence in sentences]
        after: list[str] = []
        while all(forms) and len({form[-1] for form in forms}) == 1:
            after.insert(0, next(iter([form.pop() for form in forms])))
        word = "|".join((name, *(" ".join(form) for form in forms)))
        return " ".join([f"{before}{{{name}}} {{{word}}}", *(_put(each, values) for each in after)])


def text_values(facts: MessageFacts, texts: Catalogue, name_most: int = MAX_NAME) -> TextValues:
    """name_most: how long a name may be; longer ones are cut."""
    numbers = {
        "points": facts.points_earned,
        "balance": facts.points_balance,
        "expiring": facts.points_expiring,
        "gift": facts.gift_points,
    }
    known = {name: number for name, number in numbers.items() if number is not None}
    words = {
        "client": shortened(facts.client_name, name_most),
        "salon": shortened(facts.salon_name, name_most),
        "address": facts.address or "",
        "map": facts.map_url or "",
        "services": _services(facts, name_most),
        "staff": shortened(facts.staff or "", name_most),
        "link": facts.link or "",
        "stop": facts.stop_link or "",
        "until": formats.date_short(facts.points_until, texts) if facts.points_until else "",
        **_times(facts, texts),
        **{name: str(known.get(name, "")) for name in numbers},
    }
    return TextValues(
        texts,
        {name: " ".join(_UNSEEN.sub(" ", word).split()) for name, word in words.items()},
        known,
        moved=facts.moved,
        with_bonus=facts.with_bonus,
        on_the_day=facts.birthday is not None and facts.birthday == local_date(facts.now, facts.zone),
    )


def pattern(names: tuple[str, ...], texts: Catalogue) -> Pattern:
    """names: the placeholders that stand for themselves; all else is as if unknown."""
    words = {name: f"{{{name}}}" if name in names else "" for name in _ALL}
    numbers = {name: place for place, name in enumerate(_NUMBERS, 1) if name in names}
    return Pattern(texts, words, numbers)


def _times(facts: MessageFacts, texts: Catalogue) -> dict[str, str]:
    if facts.starts_at is None:
        return dict.fromkeys(_TIMES, "")
    local = facts.starts_at.astimezone(zone(facts.zone))
    return {
        "date": formats.day_month_short(local.date(), texts),
        "weekday": formats.weekday(local.date(), texts),
        "on_weekday": formats.on_weekday(local.date(), texts),
        "time": formats.clock(local, texts),
        "when": formats.when_short(facts.starts_at, facts.now, facts.zone, texts),
    }


_TIMES = ("date", "weekday", "on_weekday", "time", "when")
_NUMBERS = ("points", "balance", "expiring", "gift")
_ALL = (
    "client", "salon", "address", "map", "services", "staff", "link", "stop", "until", *_TIMES, *_NUMBERS,
)  # fmt: skip


def shortened(name: str, most: int) -> str:
    """At most so many characters, cut at a blank where that leaves most of the name, and an ellipsis."""
    name = " ".join(name.split())
    if len(name) <= most:
        return name
    room = most - 1
    cut = name.rfind(" ", room // 2, room + 1)
    return name[: cut if cut > 0 else room].rstrip(" ,.-–—&") + "…"


def _services(facts: MessageFacts, name_most: int) -> str:
    """Of many services, when room is short, the first and how many more."""
    names = ", ".join(facts.services)
    if len(names) <= name_most or len(facts.services) < 2:
        return shortened(names, name_most)
    return f"{shortened(facts.services[0], name_most)} +{len(facts.services) - 1}"


def _put(sentence: str, values: Mapping[str, str]) -> str:
    """What is put in is not read again: a name may have braces, too."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), sentence)
