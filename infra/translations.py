"""Compiles the catalogues of texts: each .po file becomes the .mo file beside it, which the code reads.

    make translations
"""

from datetime import UTC, datetime
from io import BytesIO
from pathlib import Path

from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po

from infra.package import ROOT

_ALWAYS = datetime(2026, 1, 1, tzinfo=UTC)


def sources() -> list[Path]:
    """The .po files of all languages."""
    return sorted((ROOT / "chalicelib").rglob("LC_MESSAGES/*.po"))


def compiled(source: Path) -> bytes:
    """The .mo file of a .po file. The same source gives the same bytes on any day."""
    with source.open("rb") as file:
        texts = read_po(file, locale=source.parent.parent.name)
    texts.creation_date = _ALWAYS  # Babel writes the present instant where the source has none
    made = BytesIO()
    write_mo(made, texts)
    return made.getvalue()


if __name__ == "__main__":
    for source in sources():
        source.with_suffix(".mo").write_bytes(compiled(source))
        print(f"{source.relative_to(ROOT)} is compiled")
