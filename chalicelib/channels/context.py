"""Our ids of a message, which a channel takes with the message and returns in its events, where it can. By
them the message in the log is found without an index."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Context(NamedTuple):
    network_id: str
    client_id: str
    message_id: str


NAMES = ("network", "client", "message")


def as_pairs(context: Context) -> dict[str, str]:
    """The form in an SMS (`Context`)."""
    return dict(zip(NAMES, context, strict=True))


def as_tags(context: Context) -> list[dict[str, str]]:
    """The form in an e-mail (`EmailTags`)."""
    return [{"Name": name, "Value": value} for name, value in as_pairs(context).items()]


def as_text(context: Context) -> str:
    """The form in a WhatsApp message (`biz_opaque_callback_data`)."""
    return " ".join(context)


def of_pairs(pairs: object) -> Context | None:
    """The context of an SMS event; None: it is not ours."""
    if not isinstance(pairs, Mapping):
        return None
    return _made([pairs.get(name) for name in NAMES])


def of_tags(tags: object) -> Context | None:
    """The context of an e-mail event's tags, where every name has a list of values; None: it is not ours."""
    if not isinstance(tags, Mapping):
        return None
    values = [tags.get(name) for name in NAMES]
    return _made([each[0] if isinstance(each, list) and len(each) == 1 else None for each in values])


def of_text(text: object) -> Context | None:
    """The context of a WhatsApp status; None: it is not ours."""
    return _made(text.split(" ")) if isinstance(text, str) else None


def _made(parts: Sequence[object]) -> Context | None:
    texts = [part for part in parts if isinstance(part, str) and part and "#" not in part]
    return Context(*texts) if len(parts) == len(texts) == len(NAMES) else None
