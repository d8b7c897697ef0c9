"""The bucket of facts and its double behave alike."""

from collections.abc import Iterator
from pathlib import Path

import botocore.session
import pytest
from moto import mock_aws

from chalicelib.objects import S3FactObjects
from chalicelib.services.facts.fact_ports import FactObjects
from infra.testkit.doubles import FolderObjects

MARCH = "facts/visits/v1/network=net_1/salon=sal_1/month=2026-03/part-000001-a.parquet"


@pytest.fixture(params=["bucket", "double"])
def objects(
    request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> Iterator[FactObjects]:
    if request.param == "double":
        yield FolderObjects(tmp_path)
        return
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "test")
    with mock_aws():
        client = botocore.session.get_session().create_client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="facts")
        yield S3FactObjects(lambda: client, "facts")


def test_an_object_is_got_as_it_was_put(objects: FactObjects) -> None:
    objects.put(MARCH, b"facts")
    assert objects.get(MARCH) == b"facts"


def test_an_object_that_is_not_there_is_none(objects: FactObjects) -> None:
    assert objects.get(MARCH) is None


def test_an_object_is_removed_and_may_be_gone_already(objects: FactObjects) -> None:
    objects.put(MARCH, b"facts")
    objects.remove(MARCH)
    objects.remove(MARCH)
    assert objects.get(MARCH) is None


def test_keys_are_listed_by_how_they_begin(objects: FactObjects) -> None:
    later, april = MARCH.replace("000001", "000002"), MARCH.replace("2026-03", "2026-04")
    for key in (later, april, MARCH):
        objects.put(key, b"facts")
    assert objects.keys(MARCH.partition("part")[0]) == [MARCH, later]
    assert objects.keys("facts/visits/v2/") == []
