"""Dates, times, money and lengths as people of each language write them.

Names of days and months live in the catalogues, not in CLDR data: three languages need four lines of text,
Babel's tables 33 MB of the deployed package.
"""

from collections.abc import Sequence
from datetime import date, datetime, timedelta

from chalicelib.domain.shared.currencies import minor_digits
from chalicelib.domain.shared.zones import zone
from chalicelib.texts.languages import Catalogue

NO_BREAK = "\u00a0"
_SYMBOLS = {"RUB": "₽", "EUR": "€", "USD": "$", "GBP": "£", "UAH": "₴", "KZT": "₸"}


def clock(moment: datetime, texts: Catalogue) -> str:
    """14:30, in English 2:30 pm, which every reader of English knows."""
    if texts.language != "en":
        return f"{moment:%H:%M}"
    return f"{moment.hour % 12 or 12}:{moment:%M}{NO_BREAK}{'am' if moment.hour < 12 else 'pm'}"


def weekday(day: date, texts: Catalogue) -> str:
    names = texts.gettext("Monday Tuesday Wednesday Thursday Friday Saturday Sunday")
    return names.split()[day.weekday()]


def on_weekday(day: date, texts: Catalogue) -> str:
    """The weekday in the form that a sentence needs: on Monday; во вторник; miercuri."""
    names = texts.gettext(
        "on Monday, on Tuesday, on Wednesday, on Thursday, on Friday, on Saturday, on Sunday"
    )
    return names.split(", ")[day.weekday()]


def weekday_short(day: date, texts: Catalogue) -> str:
    return texts.gettext("Mon Tue Wed Thu Fri Sat Sun").split()[day.weekday()]


def day_month(day: date, texts: Catalogue) -> str:
    """24 November; the month in the form that follows a day (24 ноября)."""
    months = texts.gettext(
        "January February March April May June July August September October November December"
    )
    return f"{day.day}{NO_BREAK}{months.split()[day.month - 1]}"


def day_month_of_year(day: date, today: date, texts: Catalogue) -> str:
    """As day_month, with the year where it is not this year's. Pages name days so."""
    text = day_month(day, texts)
    return text if day.year == today.year else f"{text}{NO_BREAK}{day.year}"


def day_month_short(day: date, texts: Catalogue) -> str:
    """24 Nov where an abbreviation is usual, else as day_month."""
    months = texts.gettext("Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec")
    return f"{day.day}{NO_BREAK}{months.split()[day.month - 1]}"


def date_short(day: date, texts: Catalogue) -> str:
    return f"{day_month_short(day, texts)}{NO_BREAK}{day.year}"


def day_of_year(day: date, today: date, texts: Catalogue) -> str:
    """As day_month_short, with the year where it is not this year's."""
    return day_month_short(day, texts) if day.year == today.year else date_short(day, texts)


def when_short(starts_at: datetime, now: datetime, zone_name: str, texts: Catalogue) -> str:
    """The local time of a booking, as in an SMS: `today at 2:30 pm`, `tomorrow, 24 Nov, 2:30 pm`,
    `Tue 24 Nov, 2:30 pm`.

    `tomorrow` has its date, since a client may read the message a day after it was sent. A date of another
    year names its year.
    """
    local = starts_at.astimezone(zone(zone_name))
    today = now.astimezone(zone(zone_name)).date()
    time = clock(local, texts)
    if local.date() == today:
        return texts.gettext("today at {time}").format(time=time)
    day = day_month_short(local.date(), texts)
    if local.date() == today + timedelta(days=1):
        return texts.gettext("tomorrow, {day}, {time}").format(day=day, time=time)
    return texts.gettext("{weekday} {day}, {time}").format(
        weekday=weekday_short(local.date(), texts), day=day_of_year(local.date(), today, texts), time=time
    )


MOST_DATES = 12
"""How many dates a message lists."""


def dates(starts: Sequence[datetime], now: datetime, zone_name: str, texts: Catalogue) -> str:
    """The local starts of several bookings: `10.12, 13.12 at 12:00`, or each with its time. Of many the first
    ones, and how many more there are."""
    here = zone(zone_name)
    today = now.astimezone(here).date()
    listed = [start.astimezone(here) for start in starts[:MOST_DATES]]
    days = [_day_number(local.date(), today, texts) for local in listed]
    times = [clock(start.astimezone(here), texts) for start in starts]
    if len(set(times)) == 1:
        named = _with_more(", ".join(days), len(starts), texts)
        return texts.gettext("{days} at {time}").format(days=named, time=times[0])
    each = (f"{day} {time}" for day, time in zip(days, times, strict=False))
    return _with_more(", ".join(each), len(starts), texts)


def _with_more(dates: str, number: int, texts: Catalogue) -> str:
    """The listed dates, and how many of the number are not among them."""
    if number <= MOST_DATES:
        return dates
    return texts.gettext("{dates} and {n} more").format(dates=dates, n=number - MOST_DATES)


def _day_number(day: date, today: date, texts: Catalogue) -> str:
    """10.12, in English 10 Dec; with the year where it is another one."""
    if texts.language == "en":
        return day_of_year(day, today, texts)
    return f"{day:%d.%m}" if day.year == today.year else f"{day:%d.%m.%Y}"


def minutes(number: int, texts: Catalogue) -> str:
    return texts.ngettext("{n} minute", "{n} minutes", number).format(n=number).replace(" ", NO_BREAK)


def number(whole: int, texts: Catalogue) -> str:
    """`1 500`, `1.500`, `1,500`."""
    return f"{whole:,}".replace(",", _thousands(texts)[0])


def _thousands(texts: Catalogue) -> tuple[str, str]:
    """The separators of thousands and of minor units."""
    return {"ru": (NO_BREAK, ","), "ro": (".", ",")}.get(texts.language, (",", "."))


def money(amount_minor: int, currency: str, texts: Catalogue) -> str:
    """`1 500 ₽`, `1.500,50 MDL`, `$1,500.50`: minor units only where there are any."""
    digits = minor_digits(currency)
    whole, rest = divmod(amount_minor, 10**digits)
    point = _thousands(texts)[1]
    figure = number(whole, texts) + (f"{point}{rest:0{digits}d}" if rest else "")
    symbol = _SYMBOLS.get(currency, currency)
    if texts.language == "en" and symbol in "$€£":
        return f"{symbol}{figure}"
    return f"{figure}{NO_BREAK}{symbol}"


def offset_name(moment: datetime) -> str:
    """UTC+2, UTC-3:30: the offset of an aware moment from UTC."""
    seconds = int((moment.utcoffset() or timedelta()).total_seconds())
    hours, rest = divmod(abs(seconds) // 60, 60)
    return f"UTC{'-' if seconds < 0 else '+'}{hours}" + (f":{rest:02d}" if rest else "")
