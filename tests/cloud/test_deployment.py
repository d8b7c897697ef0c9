"""The deployed stack stands, and each function may do what its policy says and nothing else."""

import urllib.request
from collections.abc import Callable
from typing import Any

import boto3
import pytest
from botocore.exceptions import ClientError

from chalicelib.channels.push import Push, PushEndpoints
from chalicelib.channels.ses_email import SesEmail
from chalicelib.domain.messages.messages import MessageState
from infra.local_cloud import MAIL_DOMAIN, REGION, LocalCloud
from infra.package import LOCAL_STAGE, sources_digest
from infra.stack import Deployment, deployed_digest, find_stack
from tests.unit.channels.channels import an_outgoing

REFUSED = {"AccessDenied", "AccessDeniedException", "AuthorizationError"}
KEY = {"PK": {"S": "NET#permissions"}, "SK": {"S": "PROBE"}}

Act = Callable[[str, str], Any]


@pytest.fixture
def act_as(cloud: LocalCloud, deployment: Deployment) -> Act:
    """A client of a service that acts under the role of one of the deployed functions."""

    def client(function: str, service: str) -> Any:
        configured = cloud.connect("lambda").get_function_configuration(
            FunctionName=deployment.functions[function]
        )
        session = cloud.connect("sts").assume_role(RoleArn=configured["Role"], RoleSessionName=function)
        keys = session["Credentials"]
        return boto3.Session(
            aws_access_key_id=keys["AccessKeyId"],
            aws_secret_access_key=keys["SecretAccessKey"],
            aws_session_token=keys["SessionToken"],
            region_name=REGION,
        ).client(service, endpoint_url=cloud.endpoint_url)

    return client


def refused(call: Callable[..., Any], **arguments: Any) -> bool:
    try:
        call(**arguments)
    except ClientError as error:
        return error.response["Error"]["Code"] in REFUSED
    return False


def test_the_api_answers_at_its_address(deployment: Deployment) -> None:
    with urllib.request.urlopen(f"{deployment.api_url}/health", timeout=20) as answer:
        assert answer.status == 200


@pytest.mark.parametrize("function", ["api", "sweep", "wake", "intake", "receipts", "reports", "renew"])
def test_no_function_may_scan_list_or_delete_a_table(
    act_as: Act, deployment: Deployment, function: str
) -> None:
    dynamodb = act_as(function, "dynamodb")
    assert refused(dynamodb.scan, TableName=deployment.table_name)
    assert refused(dynamodb.list_tables)
    assert refused(dynamodb.delete_table, TableName=deployment.table_name)


def test_the_sweep_reads_the_wake_index_and_no_other(act_as: Act, deployment: Deployment) -> None:
    dynamodb = act_as("sweep", "dynamodb")

    def query(index: str, key: str) -> dict[str, Any]:
        return {
            "TableName": deployment.table_name,
            "IndexName": index,
            "KeyConditionExpression": f"{key} = :key",
            "ExpressionAttributeValues": {":key": {"S": "x"}},
        }

    assert dynamodb.query(**query("wake", "wake_shard"))["Count"] == 0
    assert refused(dynamodb.query, **query("by_client", "client_key"))
    assert refused(dynamodb.put_item, TableName=deployment.table_name, Item=KEY)
    assert refused(dynamodb.get_item, TableName=deployment.table_name, Key=KEY)


def test_the_waker_and_the_api_send_and_nobody_publishes_to_a_topic(act_as: Act) -> None:
    topic = f"arn:aws:sns:{REGION}:000000000000:any"
    for function in ("wake", "api"):
        sns = act_as(function, "sns")
        assert sns.publish(PhoneNumber="+15555550100", Message="allowed")["MessageId"]
        assert refused(sns.publish, TopicArn=topic, Message="refused")
    for function in ("sweep", "intake"):
        assert refused(act_as(function, "sns").publish, PhoneNumber="+15555550100", Message="refused")


def test_the_waker_sends_email(act_as: Act, cloud: LocalCloud, deployment: Deployment) -> None:
    outgoing = an_outgoing(to="maria@example.com")
    configured = cloud.connect("lambda").get_function_configuration(FunctionName=deployment.functions["wake"])
    set_name = configured["Environment"]["Variables"]["EMAIL_CONFIGURATION_SET"]
    sender = SesEmail(lambda: act_as("wake", "sesv2"), f"Lotos <hello@{MAIL_DOMAIN}>", set_name)
    outcome = sender.send(outgoing)
    assert outcome.state is MessageState.SENT
    (mail,) = (mail for mail in cloud.emails() if mail["MessageId"] == outcome.provider_id)
    assert (mail["To"], mail["Subject"]) == (["maria@example.com"], outgoing.worded.subject)
    assert (mail["BodyText"], mail["BodyHtml"]) == (outgoing.worded.text, outgoing.worded.html)
    assert refused(act_as("intake", "sesv2").send_email, Content={})


def test_a_device_is_registered_and_pushed_to(act_as: Act, cloud: LocalCloud) -> None:
    application = cloud.connect("sns").create_platform_application(
        Name="perennial", Platform="GCM", Attributes={"PlatformCredential": "none"}
    )["PlatformApplicationArn"]
    devices = PushEndpoints(lambda: act_as("api", "sns"), {"android": application})
    endpoint = devices.register("android", "token-1")
    assert devices.register("android", "token-1") == endpoint
    outcome = Push(lambda: act_as("wake", "sns")).send(an_outgoing(to=endpoint))
    assert outcome.state is MessageState.SENT
    waker = act_as("wake", "sns")
    assert refused(waker.create_platform_endpoint, PlatformApplicationArn=application, Token="token-2")


def test_a_function_reads_the_parameters_of_its_own_stage_alone(act_as: Act, deployment: Deployment) -> None:
    ssm = act_as("wake", "ssm")
    secret = ssm.get_parameter(Name=f"{deployment.parameter_prefix}/link-secret", WithDecryption=True)
    assert len(bytes.fromhex(secret["Parameter"]["Value"])) == 32
    assert refused(ssm.get_parameter, Name="/perennial/prod/link-secret")
    assert refused(act_as("sweep", "ssm").get_parameter, Name=f"{deployment.parameter_prefix}/link-secret")


def test_facts_are_written_by_one_function_and_read_by_two(act_as: Act, deployment: Deployment) -> None:
    probe = {"Bucket": deployment.facts_bucket, "Key": "facts/visits/v1/probe"}
    act_as("renew", "s3").put_object(**probe, Body=b"probe")
    assert act_as("reports", "s3").get_object(**probe)["Body"].read() == b"probe"
    assert refused(act_as("reports", "s3").put_object, **probe, Body=b"other")
    assert refused(act_as("reports", "dynamodb").put_item, TableName=deployment.table_name, Item=KEY)
    for function in ("api", "wake"):
        assert refused(act_as(function, "s3").get_object, **probe)
    act_as("renew", "s3").delete_object(**probe)


def test_the_api_alone_asks_for_reports(act_as: Act, deployment: Deployment) -> None:
    asked = {"FunctionName": deployment.functions["reports"], "Payload": b"{}"}
    assert act_as("api", "lambda").invoke(**asked)["StatusCode"] == 200
    assert refused(act_as("wake", "lambda").invoke, **asked)
    assert refused(act_as("api", "lambda").invoke, **{**asked, "FunctionName": deployment.functions["renew"]})


def test_the_api_may_queue_but_not_drain(act_as: Act, deployment: Deployment) -> None:
    sqs = act_as("api", "sqs")
    assert refused(sqs.receive_message, QueueUrl=deployment.intake_queue_url)
    assert refused(sqs.purge_queue, QueueUrl=deployment.intake_queue_url)


def test_the_public_address_is_in_the_parameters(cloud: LocalCloud, deployment: Deployment) -> None:
    name = f"{deployment.parameter_prefix}/public-base-url"
    assert cloud.connect("ssm").get_parameter(Name=name)["Parameter"]["Value"] == deployment.api_url


def test_deploying_the_same_sources_again_changes_nothing(cloud: LocalCloud, deployment: Deployment) -> None:
    before = find_stack(cloud.connect, LOCAL_STAGE)
    if deployed_digest(before) != sources_digest(LOCAL_STAGE):
        pytest.skip("a source was edited while the tests ran")
    told: list[str] = []
    assert cloud.deploy(told.append) == deployment
    assert told == ["the stack is up to date"]
    assert find_stack(cloud.connect, LOCAL_STAGE) == before


def test_a_restart_finds_everything_again(cloud: LocalCloud, deployment: Deployment) -> None:
    cloud.connect("dynamodb").put_item(TableName=deployment.table_name, Item=KEY)
    cloud.stop(lambda line: None)
    cloud.start(lambda line: None)
    assert cloud.deployment() == deployment
    kept = cloud.connect("dynamodb").get_item(TableName=deployment.table_name, Key=KEY)
    assert kept["Item"] == KEY
    with urllib.request.urlopen(f"{deployment.api_url}/health", timeout=20) as answer:
        assert answer.status == 200
