"""The packaged template: handlers are the source of truth, and everything that belongs to them is there."""

import json
import re
import subprocess
import sys
import zipfile
from typing import Any

import pytest

from infra.package import LOCAL_STAGE, ROOT, Package, package

Resources = dict[str, dict[str, Any]]


@pytest.fixture(scope="module")
def packaged() -> Package:
    """The package as `chalice package` makes it of the present sources."""
    return package(LOCAL_STAGE, "us-east-1", lambda line: None)


@pytest.fixture(scope="module")
def resources(packaged: Package) -> Resources:
    found: Resources = packaged.template["Resources"]
    return found


@pytest.fixture(scope="module")
def functions(resources: Resources) -> Resources:
    return of_type(resources, "AWS::Serverless::Function")


def of_type(resources: Resources, kind: str) -> Resources:
    return {name: it["Properties"] for name, it in resources.items() if it["Type"] == kind}


def handlers() -> dict[str, str]:
    """Config's name and handler string of every Lambda function that the app asks for."""
    from app import app

    found = {"api_handler": "app.app"}
    for handler in [*app.event_sources, *app.pure_lambda_functions]:
        found[handler.name] = handler.handler_string
    return found


def statements(resources: Resources, function: dict[str, Any]) -> list[dict[str, Any]]:
    role = resources[function["Role"]["Fn::GetAtt"][0]]["Properties"]
    (policy,) = role["Policies"]  # exactly one
    found: list[dict[str, Any]] = policy["PolicyDocument"]["Statement"]
    return found


def as_list(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def test_the_merge_made_no_resource_by_a_misspelt_name(resources: Resources) -> None:
    assert [name for name, it in resources.items() if "Type" not in it] == []


def test_handlers_functions_config_and_policies_are_the_same_set(functions: Resources) -> None:
    config = json.loads((ROOT / ".chalice" / "config.json").read_text())
    policies = {file.stem.removeprefix("policy-") for file in (ROOT / ".chalice").glob("policy-*.json")}
    assert sorted(function["Handler"] for function in functions.values()) == sorted(handlers().values())
    assert set(config["lambda_functions"]) == set(handlers()) == policies
    for name, settings in config["lambda_functions"].items():
        assert settings["iam_policy_file"] == f"policy-{name}.json"
        assert settings.keys() >= {"lambda_memory_size", "lambda_timeout"}


def test_every_function_has_a_log_group_that_forgets(resources: Resources, functions: Resources) -> None:
    groups = {
        group["LogGroupName"]["Fn::Sub"]: group["RetentionInDays"]
        for group in of_type(resources, "AWS::Logs::LogGroup").values()
    }
    assert groups == dict.fromkeys((f"/aws/lambda/${{{name}}}" for name in functions), 30)


def test_every_function_has_alarms_on_errors_and_throttles(
    resources: Resources, functions: Resources
) -> None:
    watched = {
        (alarm["MetricName"], dimension["Value"]["Ref"])
        for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values()
        for dimension in alarm["Dimensions"]
        if dimension["Name"] == "FunctionName"
    }
    for name in functions:
        assert watched >= {("Errors", name), ("Throttles", name)}


def test_every_alarm_tells_somebody(resources: Resources) -> None:
    for alarm in of_type(resources, "AWS::CloudWatch::Alarm").values():
        assert alarm["AlarmActions"] == [{"Ref": "AlarmTopic"}]


def test_no_policy_says_everything_or_scans(resources: Resources, functions: Resources) -> None:
    for function in functions.values():
        for statement in statements(resources, function):
            actions = as_list(statement["Action"])
            assert all(re.fullmatch(r"[a-z0-9-]+:[A-Za-z]+", action) for action in actions)
            assert "dynamodb:Scan" not in actions
            # A phone number is no resource: the right to send it SMS is given by naming what else there is.
            assert "NotResource" not in statement or actions == ["sns:Publish"]
            # AWS gives these on everything or not at all.
            everything = {"sns:CreatePlatformEndpoint", "sns:SetEndpointAttributes"}
            assert "*" not in as_list(statement.get("Resource", [])) or everything.issuperset(actions)


def test_who_may_publish_may_publish_to_phones_and_devices_and_to_no_topic(
    resources: Resources, functions: Resources
) -> None:
    phones = {"NotResource": {"Fn::Sub": "arn:${AWS::Partition}:sns:*:*:*"}}
    ours = "${AWS::Region}:${AWS::AccountId}"
    # Endpoints of devices; the local cloud names them after their application.
    devices = {
        "Resource": [
            {"Fn::Sub": f"arn:${{AWS::Partition}}:sns:{ours}:{what}/*"} for what in ("endpoint", "app")
        ]
    }
    for function in functions.values():
        for statement in statements(resources, function):
            if "sns:Publish" in as_list(statement["Action"]):
                assert {key: it for key, it in statement.items() if "Resource" in key} in (phones, devices)


def test_every_queue_reports_failures_one_by_one_and_has_dead_letters(
    resources: Resources, functions: Resources
) -> None:
    queues = of_type(resources, "AWS::SQS::Queue")
    drained = 0
    for function in functions.values():
        for event in function.get("Events", {}).values():
            if event["Type"] != "SQS":
                continue
            drained += 1
            assert event["Properties"]["FunctionResponseTypes"] == ["ReportBatchItemFailures"]
            (source,) = event["Properties"]["Queue"].values()  # one intrinsic, not two merged
            queue = queues[source.removeprefix("${").removesuffix(".Arn}")]
            assert queue["VisibilityTimeout"] >= function["Timeout"]
            dead_letters = queues[queue["RedrivePolicy"]["deadLetterTargetArn"]["Fn::GetAtt"][0]]
            assert dead_letters.get("FifoQueue") is queue.get("FifoQueue")
    assert drained == len(queues) / 2


def test_only_the_messaging_services_publish_and_only_the_topic_sends(resources: Resources) -> None:
    (topic_policy,) = of_type(resources, "AWS::SNS::TopicPolicy").values()
    (may_publish,) = topic_policy["PolicyDocument"]["Statement"]
    services = {"sms-voice.amazonaws.com", "ses.amazonaws.com", "social-messaging.amazonaws.com"}
    assert set(may_publish["Principal"]["Service"]) == services
    assert may_publish["Condition"] == {"StringEquals": {"aws:SourceAccount": {"Ref": "AWS::AccountId"}}}
    (queue_policy,) = of_type(resources, "AWS::SQS::QueuePolicy").values()
    (may_send,) = queue_policy["PolicyDocument"]["Statement"]
    assert may_send["Principal"] == {"Service": "sns.amazonaws.com"}
    assert may_send["Condition"] == {"ArnEquals": {"aws:SourceArn": {"Ref": "MessageEvents"}}}


def test_signatures_of_events_are_looked_at_unless_somebody_says_otherwise(packaged: Package) -> None:
    assert packaged.template["Parameters"]["EventSignatures"]["Default"] == "verified"


def test_the_table_has_the_indexes_that_the_model_reads(resources: Resources) -> None:
    from chalicelib.store.item import bound_to

    (table,) = of_type(resources, "AWS::DynamoDB::Table").values()
    deployed = {index["IndexName"]: index for index in table["GlobalSecondaryIndexes"]}
    read = bound_to("any", "us-east-1")._indexes
    assert read.keys() == deployed.keys()
    for name, index in read.items():
        keys = {key["KeyType"]: key["AttributeName"] for key in deployed[name]["KeySchema"]}
        assert keys == {key["KeyType"]: key["AttributeName"] for key in index._get_schema()["key_schema"]}
        projected = deployed[name]["Projection"]
        assert projected["ProjectionType"] == index.Meta.projection.projection_type
        assert projected.get("NonKeyAttributes", []) == (index.Meta.projection.non_key_attributes or [])


def test_the_table_cannot_be_lost(resources: Resources) -> None:
    (table,) = (it for it in resources.values() if it["Type"] == "AWS::DynamoDB::Table")
    assert table["DeletionPolicy"] == table["UpdateReplacePolicy"] == "Retain"
    assert table["Properties"]["DeletionProtectionEnabled"]
    assert table["Properties"]["PointInTimeRecoverySpecification"]["PointInTimeRecoveryEnabled"]


def test_the_functions_of_reports_alone_have_duckdb(packaged: Package, functions: Resources) -> None:
    layers = {name: [each["Ref"] for each in function["Layers"]] for name, function in functions.items()}
    with_duckdb = {"Reports", "Renew"}
    assert {name for name, of in layers.items() if of == ["ManagedLayer", "ReportsLayer"]} == with_duckdb
    assert all(of == ["ManagedLayer"] for name, of in layers.items() if name not in with_duckdb)
    for layer, has in ((packaged.reports_layer, True), (packaged.layer, False)):
        with zipfile.ZipFile(layer) as archive:
            assert ("python/duckdb/__init__.py" in archive.namelist()) is has


def test_the_facts_are_private_and_encrypted_and_outlive_the_stack(resources: Resources) -> None:
    (bucket,) = (it for it in resources.values() if it["Type"] == "AWS::S3::Bucket")
    assert bucket["DeletionPolicy"] == bucket["UpdateReplacePolicy"] == "Retain"
    said = bucket["Properties"]
    assert set(said["PublicAccessBlockConfiguration"].values()) == {True}
    assert said["BucketEncryption"]["ServerSideEncryptionConfiguration"]
    # An old month's part stays valid: no rule may remove an object by its age.
    assert not any("ExpirationInDays" in rule for rule in said["LifecycleConfiguration"]["Rules"])


def test_the_zip_has_the_sources_and_nothing_compiled(packaged: Package) -> None:
    with zipfile.ZipFile(packaged.app) as archive:
        names = set(archive.namelist())
    sources = {str(file.relative_to(ROOT)) for file in (ROOT / "chalicelib").rglob("*.py")}
    assert names >= sources | {"app.py"}
    assert not [name for name in names if name.endswith(".pyc")]
    assert not [name for name in names if name.startswith(("infra/", "tests/", "bench/"))]


def test_the_zip_has_what_the_code_reads(packaged: Package) -> None:
    with zipfile.ZipFile(packaged.app) as archive:
        names = set(archive.namelist())
    files = [file for file in (ROOT / "chalicelib").rglob("*.*") if file.suffix not in (".py", ".pyc")]
    assert {".html", ".css", ".png"} <= {file.suffix for file in files}
    assert names >= {str(file.relative_to(ROOT)) for file in files}


@pytest.mark.parametrize("handler", [it for it in handlers().values() if it != "app.app"])
def test_a_handler_imports_with_an_empty_environment_and_without_the_app(handler: str) -> None:
    module, name = handler.rsplit(".", 1)
    probe = f"import sys, {module}; assert callable({module}.{name}); assert 'app' not in sys.modules"
    run_with_an_empty_environment(probe)


def test_the_app_imports_with_an_empty_environment_and_without_what_few_of_its_functions_need() -> None:
    left_out = {"boto3", "cryptography", "duckdb", "h2", "jwt", "segno"}
    run_with_an_empty_environment(f"import sys, app; assert not {left_out} & sys.modules.keys()")


def run_with_an_empty_environment(code: str) -> None:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, env={}, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
