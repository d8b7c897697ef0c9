"""`make deploy`, the command for AWS: here the ordinary credentials chain leads to the local cloud."""

from collections.abc import Iterator

import pytest

from infra.deploy import deploy_to_aws
from infra.local_cloud import CHANNELS, REGION, LocalCloud
from infra.stack import find_stack, stack_name

STAGE = "trial"


@pytest.fixture
def credentials(cloud: LocalCloud, monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    for name, value in {
        "AWS_ACCESS_KEY_ID": "test",
        "AWS_SECRET_ACCESS_KEY": "test",
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ENDPOINT_URL": cloud.endpoint_url,
        "AWS_CONFIG_FILE": "/nonexistent",
    }.items():
        monkeypatch.setenv(name, value)
    yield
    # Its schedule would go on firing, on functions packaged for another machine.
    cloud.connect("cloudformation").delete_stack(StackName=stack_name(STAGE))
    cloud.connect("cloudformation").get_waiter("stack_delete_complete").wait(
        StackName=stack_name(STAGE), WaiterConfig={"Delay": 1}
    )
    assert find_stack(cloud.connect, STAGE) is None


def parameter(cloud: LocalCloud, name: str) -> str:
    found = cloud.connect("ssm").get_parameter(Name=f"/perennial/{STAGE}/{name}", WithDecryption=True)
    return str(found["Parameter"]["Value"])


@pytest.mark.usefixtures("credentials")
def test_a_stage_is_deployed_and_keeps_its_secret_and_address_when_deployed_again(cloud: LocalCloud) -> None:
    told: list[str] = []
    first = deploy_to_aws(STAGE, "https://book.example.com", CHANNELS, told.append)
    secret = parameter(cloud, "link-secret")
    assert first.stack == f"perennial-{STAGE}"
    assert parameter(cloud, "public-base-url") == "https://book.example.com"

    again = deploy_to_aws(STAGE, None, {"AlarmEmail": "owner@example.com"}, told.append)
    assert again.table_name == first.table_name
    assert parameter(cloud, "link-secret") == secret
    assert parameter(cloud, "public-base-url") == "https://book.example.com"
    # A value that was given once is kept by a deployment that does not give it.
    deploy_to_aws(STAGE, None, {}, told.append)
    stack = cloud.connect("cloudformation").describe_stacks(StackName=again.stack)["Stacks"][0]
    assert {"ParameterKey": "AlarmEmail", "ParameterValue": "owner@example.com"} in stack["Parameters"]


@pytest.mark.usefixtures("credentials")
def test_without_a_given_address_links_lead_to_the_api_itself(cloud: LocalCloud) -> None:
    for name in cloud.connect("ssm").describe_parameters()["Parameters"]:
        if name["Name"].startswith(f"/perennial/{STAGE}/"):
            cloud.connect("ssm").delete_parameter(Name=name["Name"])
    deployment = deploy_to_aws(STAGE, None, CHANNELS, lambda line: None)
    assert parameter(cloud, "public-base-url") == deployment.api_url
