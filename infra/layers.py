"""Layers of dependencies that pip makes: those of the local cloud, and that of the reports function.

Chalice makes the layer of the other functions for AWS (`requirements.txt`). A layer is kept in `build/`, by
what it is made of.
"""

import hashlib
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Sequence
from pathlib import Path

from infra.environments import ROOT

BUILD = ROOT / "build"
SERVICES_CALLED = (
    "dynamodb", "lambda", "pinpoint-sms-voice-v2", "s3", "sesv2", "sns", "socialmessaging", "sqs", "ssm",
    "sts",
)
"""The AWS services that functions call: one that is missing here is unknown to them on the local cloud."""
LAMBDA = ("manylinux_2_26_aarch64", "manylinux2014_aarch64", "manylinux_2_17_aarch64")
"""Wheels that load in Lambda's Python 3.11 on arm64, whose glibc is 2.26."""

Progress = Callable[[str], None]


class PackagingError(Exception):
    """The application could not be packaged; the message says why."""


def layer_for_this_machine(progress: Progress) -> Path:
    """The layer for the local cloud, which runs functions as processes of this machine.

    It has the same requirements as Chalice's layer, with three differences. Its wheels are this machine's,
    for those of Lambda would not load on a Mac. They lie in python/: the local cloud puts what is in
    python/lib/python3.x/site-packages behind its own packages, and functions would run on its botocore. And
    of the descriptions of AWS's services it has those that are called: each worker unpacks the layer for
    itself, which takes two seconds longer with all of them."""
    return _layer("local-layer", ROOT / "requirements.txt", (), progress, _without_services_not_called)


def reports_layer_for(platforms: Sequence[str] | None, progress: Progress) -> Path:
    """The layer with DuckDB. platforms: the tags of the wheels that load there; None: on this machine."""
    name = "local-reports-layer" if platforms is None else "reports-layer"
    return _layer(name, ROOT / "requirements-reports.txt", platforms or (), progress, lambda packages: None)


def _without_services_not_called(packages: Path) -> None:
    for described in (packages / "botocore" / "data").iterdir():
        if described.is_dir() and described.name not in SERVICES_CALLED:
            shutil.rmtree(described)


def _layer(
    name: str, requirements: Path, platforms: Sequence[str], progress: Progress, thin: Callable[[Path], None]
) -> Path:
    """A zip with the requirements in python/, made once for what it is made of."""
    made_of = (requirements.read_text(), sys.version, platform.machine(), *platforms, *SERVICES_CALLED)
    key = hashlib.sha256("\n".join(made_of).encode()).hexdigest()[:16]
    layer = BUILD / f"{name}-{key}.zip"
    if layer.exists():
        return layer
    progress(f"building {layer.name}")
    unpacked = BUILD / name
    shutil.rmtree(unpacked, ignore_errors=True)
    _install(requirements, platforms, unpacked / "python")
    thin(unpacked / "python")
    for stale in BUILD.glob(f"{name}-*.zip"):
        stale.unlink()
    partial = layer.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(unpacked.rglob("*")):
            archive.write(file, file.relative_to(unpacked))
    shutil.rmtree(unpacked)
    return partial.rename(layer)


def _install(requirements: Path, platforms: Sequence[str], target: Path) -> None:
    """Raises PackagingError where there is no wheel for one of those platforms."""
    command = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile",
               "--target", str(target), "--requirement", str(requirements)]
    if platforms:
        version = f"{sys.version_info.major}.{sys.version_info.minor}"
        command += ["--only-binary=:all:", "--implementation", "cp", "--python-version", version]
        command += [part for each in platforms for part in ("--platform", each)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise PackagingError(f"`pip install` of {requirements.name} failed:\n{done.stdout}{done.stderr}")
