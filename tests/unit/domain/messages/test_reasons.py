"""Every reason that the code can give has words, here and in the docs."""

import ast
import re
from collections.abc import Iterator
from pathlib import Path

from chalicelib.domain.messages.reasons import REASONS, reason_words
from infra.package import ROOT

HOME = ROOT / "chalicelib"
WHERE = [
    *(HOME / "domain").rglob("*_plan.py"),
    HOME / "domain/shared/touches.py",
    HOME / "domain/messages/caps.py",
    *(HOME / "services").rglob("about_*.py"),
    *(
        HOME / "services/messages" / f"{name}.py"
        for name in ("decide_touch", "send_touches", "process_receipt", "explain_touch")
    ),
    *(path for room in ("channels", "events") for path in (HOME / room).rglob("*.py")),
]
GIVEN_FIRST = {"HeldBack", "Refusal", "_later", "_full", "_full_of"}
CODE = re.compile(r"[a-z]+(_[a-z]+)*")
OF_RECEIPTS = "_FAILED"


def constants(node: ast.AST | None) -> Iterator[str]:
    """The texts that an expression may come to."""
    if isinstance(node, ast.Constant) and isinstance(node.value, str):
        yield node.value
    elif isinstance(node, ast.IfExp):
        yield from (*constants(node.body), *constants(node.orelse))
    elif isinstance(node, ast.BoolOp):
        for each in node.values:
            yield from constants(each)
    elif isinstance(node, ast.Tuple):
        for each in node.elts:
            yield from constants(each)


def given_in(path: Path) -> Iterator[str]:
    tree = ast.parse(path.read_text())
    for node in ast.walk(tree):
        if isinstance(node, ast.keyword) and node.arg == "reason":
            yield from constants(node.value)
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            if node.func.id in GIVEN_FIRST and node.args:
                yield from constants(node.args[0])
            if node.func.id == "Check":
                yield from (text for arg in node.args[2:3] for text in constants(arg))
        if isinstance(node, ast.Return) and path.name in ("decide_touch.py", "email.py"):
            yield from constants(node.value)
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == OF_RECEIPTS:
            yield from (each.value.lower() for each in ast.walk(node.value) if isinstance(each, ast.Constant))


def test_every_reason_that_can_be_given_has_words() -> None:
    found = {code for path in WHERE for code in given_in(path) if CODE.fullmatch(code)}
    assert {"booked_late", "no_consent", "opted_out", "ttl_expired", "weekly_cap", "bounced"} <= found
    assert found - set(REASONS) == set()


def test_the_words_are_sentences() -> None:
    for code, words in REASONS.items():
        assert CODE.fullmatch(code)
        assert re.fullmatch(r"[A-Z].{15,}\.", words), code


def test_a_code_of_whatsapp_is_told_by_its_number() -> None:
    assert reason_words("whatsapp_131026") == "WhatsApp did not deliver the message (its error 131026)."
    assert reason_words(None) is None
    assert reason_words("sunspots_today") == "Sunspots today."


def test_the_docs_list_every_reason() -> None:
    page = (ROOT / "docs/messages.md").read_text()
    assert {code for code in REASONS if f"`{code}`" not in page} == set()
