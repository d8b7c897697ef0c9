"""A page taken apart, so that tests can ask what a client would find on it."""

from dataclasses import dataclass, field
from html.parser import HTMLParser

VOID = frozenset(["meta", "link", "input", "br", "path"])


@dataclass
class Form:
    method: str
    action: str
    fields: list[dict[str, str]] = field(default_factory=list)


class Page(HTMLParser):
    """Raises AssertionError for tags that are not closed in order."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.html = html
        self.tags: list[tuple[str, dict[str, str]]] = []
        self.forms: list[Form] = []
        self.buttons: list[tuple[str, str]] = []
        self.words: list[str] = []
        self._open: list[str] = []
        self.feed(html)
        self.close()
        assert not self._open, self._open

    @property
    def text(self) -> str:
        return " ".join(" ".join(self.words).replace("\u00a0", " ").split())

    @property
    def links(self) -> list[str]:
        return [attributes["href"] for tag, attributes in self.tags if tag == "a"]

    def actions(self) -> list[str]:
        return [form.action for form in self.forms]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        attributes = {name: value or "" for name, value in attrs}
        self.tags.append((tag, attributes))
        if tag == "form":
            self.forms.append(Form(attributes["method"], attributes["action"]))
        if tag == "button" and "name" in attributes:
            self.buttons.append((attributes["name"], attributes["value"]))
        if tag in ("input", "textarea"):
            self.forms[-1].fields.append(attributes)
        if tag not in VOID:
            self._open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self._open.pop() == tag, tag

    def handle_data(self, data: str) -> None:
        if "style" not in self._open:
            self.words.append(data)
