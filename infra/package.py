"""Packages the application with Chalice: one template, the app's zip, and one layer with its dependencies.

The sources are first copied to `build/`, so that neither bytecode caches nor a file being edited gets into
the package, and Chalice's cache of the layer (keyed by requirements.txt) stays out of the checkout.
"""

import contextlib
import fcntl
import hashlib
import json
import os
import platform
import shutil
import subprocess
import sys
import zipfile
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parent.parent
BUILD = ROOT / "build"
SOURCES = ("app.py", "chalicelib/**/*", "requirements.txt", ".chalice/*.json", "infra/resources.yaml")
LOCAL_STAGE = "local"
SERVICES_CALLED = (
    "dynamodb", "pinpoint-sms-voice-v2", "sesv2", "sns", "socialmessaging", "sqs", "ssm", "sts",
)
"""The AWS services that functions call: one that is missing here is unknown to them on the local cloud."""

Progress = Callable[[str], None]


class PackagingError(Exception):
    """Chalice could not package the application; the message says why."""


@dataclass(frozen=True)
class Package:
    """A packaged application: `template` refers to the files by the names Chalice gave them."""

    template: dict[str, Any]
    app: Path
    layer: Path
    digest: str


def source_files() -> Iterator[Path]:
    """The files that make up a package, relative to the checkout, in a stable order."""
    for pattern in SOURCES:
        for file in sorted(ROOT.glob(pattern)):
            if file.is_file() and file.suffix != ".pyc":
                yield file.relative_to(ROOT)


def sources_digest(stage: str) -> str:
    """Changes when anything changes that a package of this stage is made of."""
    digest = hashlib.sha256(f"{stage} {sys.version} {platform.machine()}".encode())
    for file in source_files():
        digest.update(str(file).encode())
        digest.update((ROOT / file).read_bytes())
    return digest.hexdigest()


def package(stage: str, region: str, progress: Progress) -> Package:
    """Run `chalice package --merge-template infra/resources.yaml`; its files stay in build/<stage>."""
    BUILD.mkdir(exist_ok=True)
    with _alone():
        digest = sources_digest(stage)
        sources = BUILD / "source"
        _copy_sources(sources)
        if not list(sources.glob(".chalice/deployments/managed-layer-*")):
            progress("building the layer of dependencies (once for each requirements.txt)")
        else:
            progress("packaging")
        out = BUILD / stage
        _run_chalice(stage, region, sources, out)
        template = yaml.safe_load((out / "sam.yaml").read_text())
        (out / "template.json").write_text(json.dumps(template, indent=1))
        layer = _layer_for_this_machine(progress) if stage == LOCAL_STAGE else out / "layer-deployment.zip"
        return Package(template, out / "deployment.zip", layer, digest)


@contextlib.contextmanager
def _alone() -> Iterator[None]:
    """Two runs (the demo and the tests, say) share the build folder, one after the other."""
    with (BUILD / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _copy_sources(target: Path) -> None:
    shutil.rmtree(target / "chalicelib", ignore_errors=True)
    for stale in target.glob(".chalice/deployments/appcode-*"):
        stale.unlink()
    for file in source_files():
        (target / file).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(ROOT / file, target / file)


def _run_chalice(stage: str, region: str, sources: Path, out: Path) -> None:
    command = [str(Path(sys.executable).with_name("chalice")), "--project-dir", str(sources), "package",
               "--stage", stage, "--merge-template", "infra/resources.yaml", str(out)]
    environment = os.environ | {"AWS_DEFAULT_REGION": region, "PYTHONDONTWRITEBYTECODE": "1"}
    done = subprocess.run(command, cwd=sources, env=environment, capture_output=True, text=True)
    # A dependency without a wheel for Lambda is a mere notice to Chalice, which then packages without it.
    if done.returncode or "Could not install dependencies" in done.stdout:
        raise PackagingError(f"`chalice package` failed:\n{done.stdout}{done.stderr}")


def _layer_for_this_machine(progress: Progress) -> Path:
    """The layer for the local cloud, which runs functions as processes of this machine.

    It has the same requirements as Chalice's layer, with three differences. Its wheels are this machine's,
    for those of Lambda would not load on a Mac. They lie in python/: the local cloud puts what is in
    python/lib/python3.x/site-packages behind its own packages, and functions would run on its botocore. And
    of the descriptions of AWS's services it has those that are called: each worker unpacks the layer for
    itself, which takes two seconds longer with all of them."""
    requirements = ROOT / "requirements.txt"
    made_of = (requirements.read_text(), sys.version, platform.machine(), *SERVICES_CALLED)
    key = hashlib.sha256("\n".join(made_of).encode())
    layer = BUILD / f"local-layer-{key.hexdigest()[:16]}.zip"
    if layer.exists():
        return layer
    progress("building the layer for this machine")
    unpacked = BUILD / "local-layer"
    shutil.rmtree(unpacked, ignore_errors=True)
    pip = [sys.executable, "-m", "pip", "install", "--disable-pip-version-check", "--no-compile"]
    done = subprocess.run([*pip, "--target", str(unpacked / "python"), "--requirement", str(requirements)],
                          capture_output=True, text=True)
    if done.returncode:
        raise PackagingError(f"`pip install` for the layer failed:\n{done.stdout}{done.stderr}")
    for described in (unpacked / "python" / "botocore" / "data").iterdir():
        if described.is_dir() and described.name not in SERVICES_CALLED:
            shutil.rmtree(described)
    for stale in BUILD.glob("local-layer-*.zip"):
        stale.unlink()
    partial = layer.with_suffix(".part")
    with zipfile.ZipFile(partial, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        for file in sorted(unpacked.rglob("*")):
            archive.write(file, file.relative_to(unpacked))
    shutil.rmtree(unpacked)
    return partial.rename(layer)
