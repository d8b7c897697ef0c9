"""Packages the application with Chalice: one template, the app's zip, and two layers with its dependencies.

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
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml

from infra.layers import (
    BUILD,
    LAMBDA,
    PackagingError,
    Progress,
    layer_for_this_machine,
    reports_layer_for,
)

ROOT = Path(__file__).resolve().parent.parent
SOURCES = (
    "app.py", "chalicelib/**/*", "requirements.txt", "requirements-reports.txt", ".chalice/*.json",
    "infra/resources.yaml",
)
LOCAL_STAGE = "local"


@dataclass(frozen=True)
class Package:
    """A packaged application: `template` refers to the files by the names Chalice gave them, and to the layer
    of the reports as `reports-layer.zip`."""

    template: dict[str, Any]
    app: Path
    layer: Path
    reports_layer: Path
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
        is_local = stage == LOCAL_STAGE
        layer = layer_for_this_machine(progress) if is_local else out / "layer-deployment.zip"
        reports_layer = reports_layer_for(None if is_local else LAMBDA, progress)
        return Package(template, out / "deployment.zip", layer, reports_layer, digest)


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
