"""The deployed stack, on a local cloud of its own: made once a session, gone afterwards."""

from collections.abc import Iterator

import pytest

from infra.local_cloud import LocalCloud
from infra.package import ROOT, Progress
from infra.stack import Deployment

TEST_PORTS = range(4700, 4800)  # apart from the demo's, which are remembered


@pytest.fixture(scope="session")
def progress(request: pytest.FixtureRequest) -> Progress:
    """Tells what is being waited for, past pytest's capture."""
    capture = request.config.pluginmanager.getplugin("capturemanager")

    def tell(line: str) -> None:
        with capture.global_and_fixture_disabled():
            print(f"\n  local cloud: {line}", end="", flush=True)  # noqa: T201

    return tell


@pytest.fixture(scope="session")
def cloud(progress: Progress) -> Iterator[LocalCloud]:
    """A running local cloud with nothing in it but what tests put there."""
    cloud = LocalCloud(ROOT / ".local" / "tests", TEST_PORTS)
    cloud.stop(lambda line: None)  # of a run that was killed
    cloud.forget()
    cloud.start(progress)
    yield cloud
    cloud.stop(lambda line: None)
    cloud.forget()


@pytest.fixture(scope="session")
def deployment(cloud: LocalCloud, progress: Progress) -> Deployment:
    """The stack of the present sources, deployed on the cloud."""
    return cloud.deploy(progress)
