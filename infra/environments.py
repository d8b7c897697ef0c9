"""Makes the virtual environments, and brings them up to date only when their requirements have changed.

    python3 infra/environments.py .venv=requirements-dev.txt .venv-cloud=requirements-cloud.txt

Needs nothing but the standard library, for it runs before anything is installed.
"""

import hashlib
import re
import subprocess
import sys
import time
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
OLDEST = (3, 11)
TELL_EVERY_SECONDS = 5


def fingerprint(requirements: Path) -> str:
    """Changes with the Python in use, and with a requirements file or one that it includes."""
    text = requirements.read_text()
    names = re.findall(r"^-r\s+(\S+)", text, re.MULTILINE)
    parts = [sys.version, text, *(fingerprint(requirements.parent / name) for name in names)]
    return hashlib.sha256("\n".join(parts).encode()).hexdigest()


class Installation:
    """One environment being made: in the background, with its output in a log."""

    def __init__(self, folder: Path, requirements: Path) -> None:
        self.folder = folder
        self.requirements = requirements
        self.wanted = fingerprint(requirements)
        self.stamp = folder / "installed"
        self.log = folder / "install.log"

    def needed(self) -> bool:
        return not self.stamp.exists() or self.stamp.read_text() != self.wanted

    def start(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.stamp.unlink(missing_ok=True)
        # Bytecode is left to the first import: much of what is installed is never imported.
        pip = ("-m pip install --disable-pip-version-check --no-compile --progress-bar off "
               f'--requirement "{self.requirements}"')
        make = f'"{sys.executable}" -m venv "{self.folder}" && "{self.folder}/bin/python" {pip}'
        with self.log.open("w") as log:
            self.process = subprocess.Popen(["sh", "-c", make], stdout=log, stderr=subprocess.STDOUT)

    def finish(self) -> None:
        if self.process.wait():
            log = self.log.read_text(errors="replace")
            hint = "\nOn Debian: apt install python3-venv" if "ensurepip" in log else ""
            sys.exit(f"{log[-3000:]}\n{self.folder.name} could not be made: see above{hint}")
        self.stamp.write_text(self.wanted)

    def progress(self) -> str:
        lines = self.log.read_text(errors="replace").splitlines()
        collected = sum(line.startswith("Collecting ") for line in lines)
        installing = any(line.startswith("Installing collected") for line in lines)
        state = "done" if self.process.poll() == 0 else "installing" if installing else "collecting"
        return f"{self.folder.name} {state}, {collected} packages"


def main(arguments: list[str]) -> None:
    if sys.version_info < OLDEST:
        sys.exit(f"Python {OLDEST[0]}.{OLDEST[1]} or later is needed; this is {sys.version.split()[0]}. "
                 "Another one: make PYTHON=/path/to/python3 ...")
    pairs = (argument.split("=", 1) for argument in arguments)
    installations = [Installation(ROOT / folder, ROOT / requirements) for folder, requirements in pairs]
    stale = [installation for installation in installations if installation.needed()]
    if not stale:
        return
    began = last_line = time.monotonic()
    names = ", ".join(installation.folder.name for installation in stale)
    print(f"making the environments {names} (a minute or so)", flush=True)
    for installation in stale:
        installation.start()
    while any(installation.process.poll() is None for installation in stale):
        time.sleep(0.1)
        if time.monotonic() - last_line > TELL_EVERY_SECONDS:
            last_line = time.monotonic()
            state = "; ".join(installation.progress() for installation in stale)
            print(f"  {last_line - began:5.1f} s  {state}", flush=True)
    for installation in stale:
        installation.finish()
    print(f"  {time.monotonic() - began:5.1f} s  done", flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
