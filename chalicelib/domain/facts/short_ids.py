"""Ids in packed texts: without their usual prefix, others after an exclamation mark. Pure."""


def short_id(prefix: str, each_id: str | None) -> str:
    """None: an empty text."""
    if each_id is None:
        return ""
    rest = each_id.removeprefix(prefix)
    is_usual = rest not in ("", each_id) and rest[0] != "!"
    return rest if is_usual else f"!{each_id}"


def long_id(prefix: str, text: str) -> str | None:
    """The id that `short_id` made the text of."""
    if not text:
        return None
    return text[1:] if text[0] == "!" else prefix + text
