"""Templates of pages and e-mails filled in one language, everything in them escaped."""

from functools import lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from chalicelib.texts.formats import number as figure
from chalicelib.texts.languages import Catalogue

if TYPE_CHECKING:
    from jinja2 import Environment

_HOME = Path(__file__).parents[1]


@lru_cache(maxsize=1)
def _environment() -> "Environment":
    # 50 ms that only a process which shows pages should spend.
    from jinja2 import Environment, FileSystemLoader, StrictUndefined

    return Environment(
        loader=FileSystemLoader([_HOME / room / "templates" for room in ("texts", "pages")]),
        autoescape=True,
        undefined=StrictUndefined,
        auto_reload=False,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def rendered(template: str, texts: Catalogue, *, address: str = "", **values: Any) -> str:
    """The filled template. address: the page's own, for the links to its other languages; "": the address
    that the browser shows."""
    from markupsafe import Markup, escape

    def translate(message: str, **facts: Any) -> Markup:
        return escape(texts.gettext(message)).format(**facts)  # escapes the facts as well

    def translate_number(one: str, many: str, number: int, **facts: Any) -> Markup:
        return escape(texts.ngettext(one, many, number)).format(n=figure(number, texts), **facts)

    page = _environment().get_template(template)
    words = {"_": translate, "ngettext": translate_number, "language": texts.language}
    return page.render(words, address=address, **values)
