"""Runs tests on the other versions of Python that this machine has, each in an environment of its own.

    python3 -m infra.versions tests/unit/

The arguments go to pytest. Needs nothing but the standard library, since no environment may exist yet.
"""

import os
import re
import shutil
import subprocess
import sys
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from infra.environments import ROOT

VERSIONS = ("3.12", "3.13")
PASSED, FAILED, NOT_FOUND = "passed", "FAILED", "not found, not tested"
LEFT = "left to make test, which runs on it"

END_LINES = 80

PROBE = "import sys; print('{}.{}'.format(*sys.version_info))"
PROBE_SECONDS = 30


def interpreter(version: str, path: str) -> Path | None:
    """The first interpreter of that version that runs. path: folders, as in the PATH variable."""
    return next((each for each in _candidates(version, path) if _runs(each, version)), None)


def _candidates(version: str, path: str) -> Iterator[Path]:
    """All on the path, since the first may be a shim of pyenv that runs nothing; then those that pyenv keeps,
    newest first."""
    name = f"python{version}"
    yield from (Path(folder) / name for folder in path.split(os.pathsep) if folder)
    if root := _pyenv_root(path):
        releases = [
            (int(found[1]), folder)
            for folder in root.glob(f"versions/{version}.*")
            if (found := re.fullmatch(rf"{re.escape(version)}\.(\d+)", folder.name))
        ]
        yield from (folder / "bin" / name for _, folder in sorted(releases, reverse=True))


def _pyenv_root(path: str) -> Path | None:
    """Where pyenv keeps its versions, if the machine has pyenv."""
    pyenv = shutil.which("pyenv", path=path)
    root = pyenv and _output(pyenv, "root")
    return Path(root) if root else None


def _runs(candidate: Path, version: str) -> bool:
    return candidate.is_file() and _output(str(candidate), "-c", PROBE) == version


def _output(*command: str) -> str | None:
    """What a command prints; None if it does not run or fails."""
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=PROBE_SECONDS)
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout.strip() if done.returncode == 0 else None


def failure(version: str, python: Path, pytest_arguments: Sequence[str]) -> str | None:
    """The end of the output of what failed; None: the tests pass. The environment is made first, or brought
    up to date."""
    folder = f".venv-{version}"
    make = [str(python), "infra/environments.py", f"{folder}=requirements-dev.txt"]
    test = [f"{ROOT}/{folder}/bin/python", "-m", "pytest", *pytest_arguments]
    return failure_of(make) or failure_of(test)


def failure_of(command: Sequence[str]) -> str | None:
    """Runs a command and shows its output as it comes. Returns the end of that output where it fails, else
    None."""
    end = deque[str](maxlen=END_LINES)
    with subprocess.Popen(
        command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, errors="replace"
    ) as running:
        for line in running.stdout or ():
            print(line, end="", flush=True)
            end.append(line)
        status = running.wait()
    return f"{''.join(end)}{command[0]} ended with status {status}" if status else None


def outcomes(
    versions: Sequence[str],
    default: str,
    find: Callable[[str], Path | None],
    failure_on: Callable[[str, Path], str | None],
) -> dict[str, str]:
    """What became of each version. default: the version that `make test` runs on; it is not tested here. The
    end of the output of a version that fails is shown again, since the outputs of the others follow it."""
    found, ends = {}, {}
    for version in versions:
        if version == default:
            found[version] = LEFT
        elif (python := find(version)) is None:
            found[version] = NOT_FOUND
        elif (end := failure_on(version, python)) is None:
            found[version] = PASSED
        else:
            found[version], ends[version] = FAILED, end
    for version, end in ends.items():
        print(f"\n==> the end of what Python {version} printed\n{end}\n", flush=True)
    return found


def main(pytest_arguments: Sequence[str]) -> int:
    """Tells at the end which versions ran, and answers the exit status."""
    path = os.environ.get("PATH", "")

    def failure_on(version: str, python: Path) -> str | None:
        print(f"Python {version}: {python}", flush=True)
        return failure(version, python, pytest_arguments)

    default = "{}.{}".format(*sys.version_info)
    found = outcomes(VERSIONS, default, lambda version: interpreter(version, path), failure_on)
    for version, outcome in found.items():
        print(f"Python {version}: {outcome}", flush=True)
    return int(FAILED in found.values())


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
