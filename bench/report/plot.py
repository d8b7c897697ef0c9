"""A small plot of lines, as SVG, for the docs."""

from collections.abc import Mapping, Sequence
from html import escape

WIDTH, HEIGHT = 720, 360
LEFT, RIGHT, TOP, BOTTOM = 70, 150, 50, 44
COLOURS = ("#1b6ca8", "#c8553d", "#3a7d44", "#8d5a97", "#b8860b", "#555555")

Line = Sequence[tuple[float, float]]


def lines(title: str, across: str, up: str, drawn: Mapping[str, Line], ticks: int = 5) -> str:
    """drawn: by name, the points of each line, from left to right."""
    most_x = max(x for line in drawn.values() for x, _ in line)
    most_y = max(y for line in drawn.values() for _, y in line)
    wide, high = WIDTH - LEFT - RIGHT, HEIGHT - TOP - BOTTOM

    def place(x: float, y: float) -> tuple[float, float]:
        return LEFT + x / most_x * wide, TOP + (1 - y / most_y) * high

    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" font-family="sans-serif"'
        f' font-size="12"><rect width="{WIDTH}" height="{HEIGHT}" fill="white"/>',
        _text(LEFT, 20, title, "start", 14),
        _text(LEFT + wide / 2, HEIGHT - 8, across, "middle"),
        _text(LEFT, TOP - 10, up, "start"),
    ]
    for number in range(ticks + 1):
        x, y = place(most_x * number / ticks, most_y * number / ticks)
        parts += [
            f'<path d="M{LEFT} {y:.1f}H{LEFT + wide}" stroke="#ddd"/>',
            _text(LEFT - 6, y + 4, f"{most_y * number / ticks:,.0f}", "end"),
            _text(x, TOP + high + 16, f"{most_x * number / ticks:g}", "middle"),
        ]
    for (name, line), colour, row in zip(drawn.items(), COLOURS, range(len(drawn)), strict=False):
        path = " ".join(f"{x:.1f},{y:.1f}" for x, y in (place(*point) for point in line))
        parts += [
            f'<polyline points="{path}" fill="none" stroke="{colour}" stroke-width="2"/>',
            f'<path d="M{LEFT + wide + 12} {TOP + 14 + row * 20}h18" stroke="{colour}" stroke-width="3"/>',
            _text(LEFT + wide + 36, TOP + 18 + row * 20, name, "start"),
        ]
    return "\n".join([*parts, "</svg>", ""])


def _text(x: float, y: float, words: str, anchor: str, size: int = 12) -> str:
    return f'<text x="{x:.1f}" y="{y:.1f}" text-anchor="{anchor}" font-size="{size}">{escape(words)}</text>'
