"""The values of all placeholders of a message, in its language. Both the built-in sentences and a network's
own texts are made from them."""

import re
from collections.abc import Mapping

from msgspec import Struct
from msgspec.structs import replace

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.shared.zones import local_date, zone
from chalicelib.texts import formats
from chalicelib.texts.languages import Catalogue

MAX_NAME = 200
MAX_PERSON = 40
_NAME = re.compile(r"\{(\w+)\}")
_UNSEEN = re.compile(r"[\x00-\x1f\x7f-\x9f]")


class TextValues(Struct, frozen=True):
    """The values of a message. words: by the placeholder's name, "" where the fact is unknown. numbers: the
    known numbers, by the placeholder's name. on_the_day: the message is sent on the birthday itself. person:
    who comes, where somebody else gets the message. dates: all dates of a notice of several."""

    texts: Catalogue
    words: Mapping[str, str]
    numbers: Mapping[str, int]
    moved: bool = False
    cancelled: bool = False
    dates: str = ""
    with_bonus: bool = False
    on_the_day: bool = False
    person: str = ""

    def __getitem__(self, name: str) -> str:
        return self.words[name]

    def gettext(self, message: str, **values: str) -> str:
        """The translated sentence, filled with these values."""
        return _put(self.texts.gettext(message), values)

    def ngettext(self, one: str, many: str, name: str, **values: str) -> str:
        """The translated sentence in the form for the named number, which replaces {n}."""
        number = self.numbers[name]
        return _put(self.texts.ngettext(one, many, number), {"n": str(number), **values})


class Pattern(TextValues, frozen=True):
    """Values that are the placeholders themselves. So the built-in sentences become a text with placeholders,
    from which a network begins its own."""

    def ngettext(self, one: str, many: str, name: str, **values: str) -> str:
        """Makes `+{points} {points|point|points}` from `+{n} point` and `+{n} points`."""
        sentences = self.texts.forms(one, many)
        before = _put(sentences[0].partition("{n} ")[0], values)
        forms = [sentence.partition("{n} ")[2].split() for sentence in sentences]
        after: list[str] = []
        while all(forms) and len({form[-1] for form in forms}) == 1:
            after.insert(0, next(iter([form.pop() for form in forms])))
        word = "|".join((name, *(" ".join(form) for form in forms)))
        return " ".join([f"{before}{{{name}}} {{{word}}}", *(_put(each, values) for each in after)])


def text_values(facts: MessageFacts, texts: Catalogue, max_name: int = MAX_NAME) -> TextValues:
    """The values for a message's facts. max_name: the characters after which a name is cut."""
    numbers = {
        "points": facts.points_earned,
        "balance": facts.points_balance,
        "expiring": facts.points_expiring,
        "gift": facts.gift_points,
        "dates": len(facts.dates) or None,
    }
    known = {name: number for name, number in numbers.items() if number is not None}
    words = {
        "client": shortened(facts.client_name, max_name),
        "salon": shortened(facts.salon_name, max_name),
        "address": facts.address or "",
        "map": facts.map_url or "",
        "services": _services(facts, max_name),
        "staff": shortened(facts.staff or "", max_name),
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
        cancelled=facts.cancelled,
        dates=formats.dates(facts.dates, facts.now, facts.zone, texts) if facts.dates else "",
        with_bonus=facts.with_bonus,
        on_the_day=facts.birthday is not None and facts.birthday == local_date(facts.now, facts.zone),
        person=" ".join(_UNSEEN.sub(" ", shortened(facts.person, min(max_name, MAX_PERSON))).split()),
    )


def with_neutral_words(values: TextValues, facts: MessageFacts) -> TextValues:
    """The values with neutral words for a service and a specialist whose names nobody knows yet. They are for
    texts with placeholders; built-in sentences leave such a name out."""
    neutral = {}
    if facts.unnamed_service and not values["services"]:
        neutral["services"] = values.gettext("your visit")
    if facts.unnamed_staff and not values["staff"]:
        neutral["staff"] = values.gettext("your specialist")
    return replace(values, words={**values.words, **neutral}) if neutral else values


def pattern(names: tuple[str, ...], texts: Catalogue) -> Pattern:
    """The values by which a text with these placeholders is made; all other values are unknown."""
    words = {name: f"{{{name}}}" if name in names else "" for name in _ALL}
    numbers = {name: place for place, name in enumerate(_NUMBERS, 1) if name in names}
    return Pattern(texts, words, numbers)


def _times(facts: MessageFacts, texts: Catalogue) -> dict[str, str]:
    if facts.starts_at is None:
        return dict.fromkeys(_TIMES, "")
    local = facts.starts_at.astimezone(zone(facts.zone))
    return {
        "date": formats.day_of_year(local.date(), local_date(facts.now, facts.zone), texts),
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


def shortened(name: str, max_length: int) -> str:
    """The name in at most max_length characters. A longer one is cut, at a blank in its second half if there
    is one, and ends with an ellipsis."""
    name = " ".join(name.split())
    if len(name) <= max_length:
        return name
    room = max_length - 1
    cut = name.rfind(" ", room // 2, room + 1)
    return name[: cut if cut > 0 else room].rstrip(" ,.-–—&") + "…"


def _services(facts: MessageFacts, max_name: int) -> str:
    """The names of the services. Where they are too long, it is the first name and the number of the
    others."""
    names = ", ".join(facts.services)
    if len(names) <= max_name or len(facts.services) < 2:
        return shortened(names, max_name)
    return f"{shortened(facts.services[0], max_name)} +{len(facts.services) - 1}"


def _put(sentence: str, values: Mapping[str, str]) -> str:
    """The sentence with each value in place of its name. The values themselves are not filled: a name may
    have braces, too."""
    return _NAME.sub(lambda found: values.get(found[1], found[0]), sentence)
