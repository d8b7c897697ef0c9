"""What every channel that can carries along with a message, and gives back in its events: whose message it
is. From it the line of the log is found without an index."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple


class Context(NamedTuple):
    network_id: str
    client_id: str
    message_id: str


NAMES = ("network", "client", "message")


def as_pairs(context: Context) -> dict[str, str]:
    """As SMS carries it (`Context`)."""
    return dict(zip(NAMES, context, strict=True))


def as_tags(context: Context) -> list[dict[str, str]]:
    """As e-mail carries it (`EmailTags`)."""
    return [{"Name": name, "Value": value} for name, value in as_pairs(context).items()]


def as_text(context: Context) -> str:
    """As WhatsApp carries it (`biz_opaque_callback_data`)."""
    return " ".join(context)


def of_pairs(pairs: object) -> Context | None:
    """Read back from an SMS event's context; None where it is not ours."""
    if not isinstance(pairs, Mapping):
        return None
    return _made([pairs.get(name) for name in NAMES])


def of_tags(tags: object) -> Context | None:
    """Read back from an e-mail event's tags, where every name has a list of values."""
    if not isinstance(tags, Mapping):
        return None
    values = [tags.get(name) for name in NAMES]
    return _made([each[0] if isinstance(each, list) and len(each) == 1 else None for each in values])


def of_text(text: object) -> Context | None:
    """Read back from a WhatsApp status."""
    return _made(text.split(" ")) if isinstance(text, str) else None


def _made(parts: Sequence[object]) -> Context | None:
    texts = [part for part in parts if isinstance(part, str) and part and "#" not in part]
    return Context(*texts) if len(parts) == len(texts) == len(NAMES) else None
