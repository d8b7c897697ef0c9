"""Every stable code that a caller can get stands in docs/errors.md with its status, and nothing else does."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chalicelib.api.http.errors import STATUS
from chalicelib.domain.shared.errors import ErrorKind

ROOT = Path(__file__).parents[2]
BY_FUNCTION = {
    "malformed": ErrorKind.MALFORMED,
    "conflict": ErrorKind.CONFLICT,
    "refused": ErrorKind.REFUSED,
}
ROW = re.compile(r"^\| `([A-Z_]+)` \| (\d{3}) \| .{10,} \|$", re.MULTILINE)


def raised() -> set[tuple[str, int]]:
    found = {("INTERNAL", 500)}
    for path in sorted((ROOT / "chalicelib").rglob("*.py")):
        found |= set(_raised_in(ast.parse(path.read_text(encoding="utf-8"))))
    return found


def _raised_in(tree: ast.AST) -> Iterator[tuple[str, int]]:
    for call in ast.walk(tree):
        if not isinstance(call, ast.Call) or not isinstance(call.func, ast.Name):
            continue
        match call.func.id, call.args:
            case "malformed" | "conflict" | "refused", [ast.Constant(value=code), *_]:
                yield code, STATUS[BY_FUNCTION[call.func.id]]
            case "DomainError", [ast.Attribute(attr=kind), ast.Constant(value=code), *_]:
                yield code, STATUS[ErrorKind[kind]]


def test_every_code_stands_in_the_documentation() -> None:
    page = (ROOT / "docs/errors.md").read_text(encoding="utf-8")
    assert {(code, int(status)) for code, status in ROW.findall(page)} == raised()
