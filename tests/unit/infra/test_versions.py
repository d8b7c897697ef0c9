"""Other versions of Python are found where they run: on the path, or among those that pyenv keeps."""

import os
from pathlib import Path

import pytest

from infra import versions
from infra.versions import interpreter

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


def test_it_is_said_which_versions_ran_and_one_failure_fails_all(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    found = {"3.3": Path("three"), "3.4": Path("four")}
    monkeypatch.setattr(versions, "VERSIONS", ("3.1", "3.2", "3.3", "3.4"))
    monkeypatch.setattr(versions, "TESTED_VERSION", "3.1")
    monkeypatch.setattr(versions, "interpreter", lambda version, path: found.get(version))
    monkeypatch.setattr(versions, "passes", lambda version, python, arguments: version == "3.4")
    assert versions.main([]) == 1
    assert capsys.readouterr().out.splitlines()[-4:] == [
        "Python 3.1: left to make test, which runs on it",
        "Python 3.2: not found, not tested",
        "Python 3.3: FAILED",
        "Python 3.4: passed",
    ]
