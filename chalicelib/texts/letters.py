"""E-mails: plain text, and the same as HTML with a button."""

import re
from typing import TYPE_CHECKING

from chalicelib.domain.messages.messages import Worded
from chalicelib.texts.rendering import rendered
from chalicelib.texts.sentences import Call
from chalicelib.texts.values import TextValues

if TYPE_CHECKING:
    from markupsafe import Markup


def greeting(values: TextValues) -> str:
    client = values["client"]
    return values.gettext("Hello {client}!", client=client) if client else values.gettext("Hello!")


def capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def titled(subject: str, values: TextValues) -> str:
    """A subject with the salon's name: `Orhideea: See you tomorrow, 24 Nov, 2:30 pm`."""
    return f"{values['salon']}: {capital(subject)}" if subject != values["salon"] else subject


def letter(values: TextValues, *, subject: str, paragraphs: list[str], call: Call | None) -> Worded:
    """An e-mail of these paragraphs. The call, the salon and the link that stops messages follow them."""
    stop = values["stop"]
    below = [f"{call.label}: {call.url}" if call else "", values["salon"]]
    if stop:
        below.append(f"{values.gettext('Stop messages')}: {stop}")
    html = rendered(
        "letter.html",
        values.texts,
        title=subject,
        salon=values["salon"],
        address=values["address"],
        map=values["map"] if values["map"].startswith("https://") else "",
        paragraphs=[_linked(each, values) for each in paragraphs],
        call=call,
        stop=stop,
    )
    return Worded("\n\n".join(filter(None, [*paragraphs, *below])), subject, html)


def _linked(paragraph: str, values: TextValues) -> "Markup":
    """The paragraph as HTML: our own addresses become links, all else is escaped."""
    from markupsafe import Markup, escape

    ours = [values[name] for name in ("link", "map", "stop") if values[name].startswith("https://")]
    if not ours:
        return escape(paragraph)
    pieces = re.split(f"({'|'.join(map(re.escape, sorted(ours, key=len, reverse=True)))})", paragraph)
    anchor = Markup('<a href="{0}" style="color:#7d3650">{0}</a>')
    return Markup("").join(anchor.format(piece) if piece in ours else escape(piece) for piece in pieces)
