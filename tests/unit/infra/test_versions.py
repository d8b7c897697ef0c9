"""Other versions of Python are found where they run: on the path, or among those that pyenv keeps."""

import os
import sys
from pathlib import Path

import pytest

from infra.versions import END_LINES, FAILED, LEFT, NOT_FOUND, PASSED, failure_of, interpreter, outcomes

SHIM = "echo 'pyenv: command not found' >&2; exit 127"
EMPTY_PATH = "/nowhere"


def command(file: Path, script: str) -> Path:
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(f"#!/bin/sh\n{script}\n")
    file.chmod(0o755)
    return file


def path_of(*folders: Path) -> str:
    return os.pathsep.join(map(str, folders))


def test_an_interpreter_on_the_path_is_found(tmp_path: Path) -> None:
    python = command(tmp_path / "bin" / "python3.12", "echo 3.12")
    assert interpreter("3.12", path_of(tmp_path / "empty", tmp_path / "bin")) == python


def test_a_shim_that_runs_nothing_is_passed_over(tmp_path: Path) -> None:
    command(tmp_path / "shims" / "python3.12", SHIM)
    python = command(tmp_path / "bin" / "python3.12", "echo 3.12")
    assert interpreter("3.12", path_of(tmp_path / "shims", tmp_path / "bin")) == python


def test_pyenv_gives_its_newest_release_that_runs(tmp_path: Path) -> None:
    command(tmp_path / "shims" / "python3.12", SHIM)
    command(tmp_path / "bin" / "pyenv", f"[ $1 = root ] && echo {tmp_path}")
    for release in ("3.12.9", "3.12.10", "3.12.11rc1", "3.13.0"):
        command(tmp_path / "versions" / release / "bin" / "python3.12", "echo 3.12")
    command(tmp_path / "versions" / "3.12.12" / "bin" / "python3.12", SHIM)
    path = path_of(tmp_path / "shims", tmp_path / "bin")
    assert interpreter("3.12", path) == tmp_path / "versions" / "3.12.10" / "bin" / "python3.12"


@pytest.mark.parametrize("script", [SHIM, "echo 3.11"])
def test_what_does_not_run_as_that_version_is_not_found(tmp_path: Path, script: str) -> None:
    command(tmp_path / "python3.12", script)
    assert interpreter("3.12", path_of(tmp_path)) is None


def test_nothing_is_found_where_nothing_is() -> None:
    assert interpreter("3.12", EMPTY_PATH) is None


def test_each_version_that_is_found_is_tested_but_the_default(capfd: pytest.CaptureFixture[str]) -> None:
    found = {"3.1": Path("one"), "3.3": Path("three"), "3.4": Path("four")}
    asked = []

    def failure_on(version: str, python: Path) -> str | None:
        asked.append((version, python))
        return None if version == "3.4" else "E  assert 1 == 2"

    became = outcomes(("3.1", "3.2", "3.3", "3.4"), "3.1", found.get, failure_on)
    assert became == {"3.1": LEFT, "3.2": NOT_FOUND, "3.3": FAILED, "3.4": PASSED}
    assert asked == [("3.3", Path("three")), ("3.4", Path("four"))]
    assert "the end of what Python 3.3 printed\nE  assert 1 == 2\n" in capfd.readouterr().out


def test_what_fails_is_shown_as_it_comes_and_its_end_is_kept(capfd: pytest.CaptureFixture[str]) -> None:
    shown = "".join(f"line {number}\n" for number in range(200))
    end = failure_of([sys.executable, "-c", f"print({shown!r}, end=''); raise SystemExit(3)"])
    assert capfd.readouterr().out == shown
    assert end is not None
    assert end.splitlines()[0] == f"line {200 - END_LINES}"
    assert end.endswith("line 199\n" + f"{sys.executable} ended with status 3")


def test_a_command_that_passes_leaves_nothing_to_show_again() -> None:
    assert failure_of([sys.executable, "-c", "print('all good')"]) is None
