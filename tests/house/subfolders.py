"""The subfolders of the layers, in their order. pyproject.toml says the order once, for import-linter and for
these tests."""

import re
import tomllib
from pathlib import Path

ROOT = Path(__file__).parents[2]
CONTRACT = "Subfolders of the domain and of the services stand in one order"


def floors() -> list[tuple[str, ...]]:
    """From the ground up; subfolders on one floor do not import each other."""
    text = (ROOT / "pyproject.toml").read_text(encoding="utf-8")
    contracts = tomllib.loads(text)["tool"]["importlinter"]["contracts"]
    (order,) = (each for each in contracts if each["name"] == CONTRACT)
    return [tuple(re.findall(r"\w+", floor)) for floor in reversed(order["layers"])]


FLOOR = {name: number for number, floor in enumerate(floors()) for name in floor}
SUBFOLDERS = tuple(FLOOR)
