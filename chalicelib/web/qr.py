"""QR codes as drawings: text in, lines out."""

from msgspec import Struct


class QrCode(Struct, frozen=True):
    """size: modules on a side, with the light border that readers need. path: the dark ones, for the `d` of
    an SVG path whose stroke is one wide."""

    size: int
    path: str


_BORDER = 4


def qr_code(text: str) -> QrCode:
    """Survives that a sixth of it cannot be seen. Upper-case letters and digits make the smallest code."""
    import segno  # 30 ms that only a process which shows cards should spend

    rows = [bytes(row) for row in segno.make_qr(text, error="M").matrix]
    path = "".join(
        f"M{start + _BORDER} {y + _BORDER}.5h{length}"
        for y, row in enumerate(rows)
        for start, length in _runs(row)
    )
    return QrCode(len(rows) + 2 * _BORDER, path)


def _runs(row: bytes) -> list[tuple[int, int]]:
    """Where dark modules begin, and how many there are in line."""
    found: list[tuple[int, int]] = []
    for x, dark in enumerate(row):
        if not dark:
            continue
        if found and sum(found[-1]) == x:
            found[-1] = (found[-1][0], found[-1][1] + 1)
        else:
            found.append((x, 1))
    return found
