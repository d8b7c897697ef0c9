"""The settings that a connection may have. Each adapter lists those of its site as `SETTINGS`, so that a
misspelt one is refused and does not pass for one that is set."""

import re
from collections.abc import Callable, Mapping, Sequence

from msgspec import Struct

from chalicelib.domain.intake.source_ranges import is_ranges
from chalicelib.domain.intake.trust import ANY, FIRST
from chalicelib.domain.networks.network import Salon
from chalicelib.domain.shared.errors import DomainError, ErrorKind, refused

OF_LOCATION = ":"
"""The end of a name that a location of the site follows."""
_NEAR = 0.6


class Setting(Struct, frozen=True):
    """One setting, whose value is a text.

    name         as the settings have it; `salon:` stands for all that begin so and name a location.
    written      how the value is written, for people.
    fits         whether a value is written so.
    is_location  whether the site may have a location of that id; where the name names one.
    """

    name: str
    written: str
    fits: Callable[[str], bool]
    is_location: Callable[[str], bool] | None = None

    @property
    def shown(self) -> str:
        """The name for people, with a word for what follows it."""
        return f"{self.name}<location>" if self.is_location else self.name


def _fits(pattern: str) -> Callable[[str], bool]:
    compiled = re.compile(pattern, re.ASCII)
    return lambda value: compiled.fullmatch(value) is not None


def is_plain(text: str) -> bool:
    """Whether a person sees all of the text: no blanks around it, no invisible signs in it."""
    return bool(text) and text == text.strip() and text.isprintable()


def salons(is_location: Callable[[str], bool] = is_plain) -> Setting:
    """The mapping of the site's locations to salons, for a site that tells locations."""
    return Setting("salon:", "the id of a salon that is not archived", is_plain, is_location)


is_company = _fits(r"[1-9]\d{0,17}")
"""Whether YCLIENTS or Altegio may give a salon that id."""

OF_EVERY_SITE = (
    Setting("source", "words of at most 100 characters", lambda value: len(value) <= 100 and is_plain(value)),
    Setting("source_ranges", "networks, such as `203.0.113.0/24, 2001:db8::/32`", is_ranges),
    Setting("new_a_day", "a whole number", _fits(r"\d{1,12}")),
    Setting("url", "an address, such as `https://salon.example/hook`", _fits(r"https?://[!-~]+")),
)
COMPANY = Setting(
    "company_id",
    f"companies' numbers with commas between, or `{FIRST}`, or `{ANY}`",
    lambda value: value in (FIRST, ANY) or all(is_company(each.strip()) for each in value.split(",")),
)
LARGEST_VISIT = Setting("largest_visit", "a whole number", _fits(r"\d{1,12}"))
MONEY_UNIT = Setting("money_unit", "`major` or `minor`", _fits("major|minor"))
TELL_CONFIRMED = Setting("tell_confirmed", "`yes` or `no`", _fits("yes|no"))
POLL_MINUTES = Setting(
    "poll_minutes", "a whole number from 5 to 1440", _fits(r"[5-9]|[1-9]\d{1,2}|1[0-3]\d\d|14[0-3]\d|1440")
)
OF_UNSIGNED_SITES = (
    *OF_EVERY_SITE,
    salons(is_company),
    COMPANY,
    LARGEST_VISIT,
    MONEY_UNIT,
    TELL_CONFIRMED,
    POLL_MINUTES,
)
"""The settings of YCLIENTS and Altegio."""
MERCHANT = Setting("merchant_id", "letters, digits, `-` and `_`", _fits(r"[\w-]+"))
BRIDGE = Setting("bridge", "words", is_plain)


def ensure_known(site: str, known: Sequence[Setting], name: str) -> Setting:
    """The setting of that name. Raises UNKNOWN_SETTING, which names those that there are and the nearest;
    INVALID_SETTINGS for a location that the site cannot have."""
    for setting in known:
        if setting.is_location is None and name == setting.name:
            return setting
        if setting.is_location is not None and name.startswith(setting.name):
            location = name.removeprefix(setting.name)
            if setting.is_location(location):
                return setting
            raise refused("INVALID_SETTINGS", f"{site} gives no location the id {location!r}.", setting=name)
    shown = sorted(each.shown for each in known)
    nearest = _nearest(known, name)
    hint = f" Did you mean {nearest}?" if nearest else ""
    raise refused(
        "UNKNOWN_SETTING",
        f"A connection with {site} has no setting {name!r}.{hint} Settings are {', '.join(shown)}.",
        setting=name,
        site=site,
        nearest=nearest,
        known=shown,
    )


def _nearest(known: Sequence[Setting], name: str) -> str | None:
    """The name that was probably meant; None where none is like it."""
    from difflib import get_close_matches  # only for a request that is refused

    head, _, location = name.strip().casefold().partition(OF_LOCATION)
    heads: Mapping[str, Setting] = {each.name.removesuffix(OF_LOCATION): each for each in known}
    found = get_close_matches(head, heads, 1, _NEAR)
    if not found:
        return None
    setting = heads[found[0]]
    written = name.strip()[len(head) + 1 :].strip() if location else ""
    return f"{setting.name}{written}" if setting.is_location and written else setting.shown


def ensure_fits(setting: Setting, name: str, value: str) -> None:
    """Raises INVALID_SETTINGS, which says how the value is written."""
    if not setting.fits(value):
        raise _unusable(name, f"is {setting.written}")


def ensure_open_salon(name: str, salon_id: str, salon: Salon | None) -> None:
    """Raises NOT_FOUND for a location of no salon of the network, INVALID_SETTINGS for one of an archived
    salon."""
    if salon is None:
        words = f"{name} names a salon of the network by its id; there is no such salon."
        raise DomainError(ErrorKind.MISSING, "NOT_FOUND", words, what="salon", id=salon_id, setting=name)
    if salon.archived:
        raise _unusable(name, f"names {salon.name}, which is archived: restore it, or name another salon")


def _unusable(name: str, why: str) -> DomainError:
    return refused("INVALID_SETTINGS", f"{name} {why}.", setting=name)
