"""The deployed stack, on a local cloud of its own: made once a session, gone afterwards."""

from collections.abc import Iterator

import pytest

from chalicelib.store.table import Table
from infra.layers import Progress
from infra.local_cloud import REGION, LocalCloud
from infra.package import ROOT
from infra.stack import Deployment
from infra.testkit.doubles import SettableClock

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


@pytest.fixture
def store(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[Table]:
    """A table of its own beside the deployed one, with one wake shard."""
    for name, value in {"AWS_ACCESS_KEY_ID": "test", "AWS_SECRET_ACCESS_KEY": "test"}.items():
        monkeypatch.setenv(name, value)
    table = Table("perennial-concurrency", REGION, shards=1, host=cloud.endpoint_url)
    table.item.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
    yield table
    table.item.delete_table()


@pytest.fixture
def clock() -> SettableClock:
    return SettableClock()
