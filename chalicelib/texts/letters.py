"""E-mails: plain text, and the same as HTML with a button."""

import re
from typing import TYPE_CHECKING

from chalicelib.domain.messages.messages import Worded
from chalicelib.texts.rendering import rendered
from chalicelib.texts.sentences import Call
from chalicelib.texts.values import Told

if TYPE_CHECKING:
    from markupsafe import Markup


def greeting(known: Told) -> str:
    client = known["client"]
    return known.gettext("Hello {client}!", client=client) if client else known.gettext("Hello!")


def capital(sentence: str) -> str:
    return sentence[:1].upper() + sentence[1:]


def titled(subject: str, known: Told) -> str:
    """A subject that says who writes: `Orhideea: See you tomorrow, 24 Nov, 2:30 pm`."""
    return f"{known['salon']}: {capital(subject)}" if subject != known["salon"] else subject


def letter(known: Told, *, subject: str, paragraphs: list[str], call: Call | None) -> Worded:
    """Whatever is known of a way to stop stands below."""
    stop = known["stop"]
    below = [f"{call.label}: {call.url}" if call else "", known["salon"]]
    if stop:
        below.append(f"{known.gettext('Stop messages')}: {stop}")
    html = rendered(
        "letter.html",
        known.texts,
        title=subject,
        salon=known["salon"],
        address=known["address"],
        map=known["map"] if known["map"].startswith("https://") else "",
        paragraphs=[_linked(each, known) for each in paragraphs],
        call=call,
        stop=stop,
    )
    return Worded("\n\n".join(filter(None, [*paragraphs, *below])), subject, html)


def _linked(paragraph: str, known: Told) -> "Markup":
    """The paragraph as HTML: our addresses in it can be tapped, and nothing else is more than text."""
    from markupsafe import Markup, escape

    ours = [known[name] for name in ("link", "map", "stop") if known[name].startswith("https://")]
    if not ours:
        return escape(paragraph)
    pieces = re.split(f"({'|'.join(map(re.escape, sorted(ours, key=len, reverse=True)))})", paragraph)
    anchor = Markup('<a href="{0}" style="color:#7d3650">{0}</a>')
    return Markup("").join(anchor.format(piece) if piece in ours else escape(piece) for piece in pieces)
