"""Brings a CloudFormation stack to a packaged application: the same code for AWS and for the local cloud.

A few boto3 calls take the place of `aws cloudformation package` and `deploy`, so the AWS command line is no
dependency: upload what changed, make a change set, carry it out, tell what happens.
"""

import copy
import hashlib
import json
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from infra.layers import Progress
from infra.package import Package

Connect = Callable[[str], Any]
"""Gives the boto3 client of a service, e.g. `boto3.Session().client`."""

DIGEST_TAG = "perennial:sources"


class DeploymentError(Exception):
    """The stack could not be deployed; the message has CloudFormation's reasons."""


@dataclass(frozen=True)
class Deployment:
    """Where a deployed application is. functions: api, sweep, wake, intake, receipts, reports, renew by the
    names they have there."""

    stage: str
    stack: str
    api_url: str
    table_name: str
    wake_queue_url: str
    intake_queue_url: str
    wake_dead_letters_url: str
    intake_dead_letters_url: str
    receipts_queue_url: str
    receipts_dead_letters_url: str
    renew_queue_url: str
    renew_dead_letters_url: str
    facts_bucket: str
    events_topic: str
    functions: dict[str, str]
    parameter_prefix: str
    rest_api_id: str


def stack_name(stage: str) -> str:
    return f"perennial-{stage}"


def find_stack(connect: Connect, stage: str) -> dict[str, Any] | None:
    """CloudFormation's description of the stage's stack, or None where there is none."""
    cloudformation = connect("cloudformation")
    try:
        stacks: list[dict[str, Any]] = cloudformation.describe_stacks(StackName=stack_name(stage))["Stacks"]
    except cloudformation.exceptions.ClientError as error:
        if "does not exist" in str(error):
            return None
        raise
    return stacks[0] if stacks and stacks[0]["StackStatus"] != "REVIEW_IN_PROGRESS" else None


def deployed_digest(stack: Mapping[str, Any] | None) -> str | None:
    """The digest of the sources a healthy stack was made of."""
    if stack is None or stack["StackStatus"] not in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
        return None
    return next((tag["Value"] for tag in stack.get("Tags", []) if tag["Key"] == DIGEST_TAG), None)


def deploy(connect: Connect, stage: str, packaged: Package, bucket: str, progress: Progress,
           parameters: Mapping[str, str] | None = None) -> Deployment:
    """Upload a package and bring the stage's stack to it; returns when CloudFormation has finished."""
    template_url = _upload(connect, packaged, bucket, progress)
    stack = find_stack(connect, stage)
    change_set = _make_change_set(connect, stage, stack, template_url, packaged.digest, parameters or {})
    if change_set is None:
        progress("nothing to change")
    else:
        progress("updating the stack" if stack else "creating the stack")
        started = time.time()
        connect("cloudformation").execute_change_set(ChangeSetName=change_set)
        _watch(connect, stage, started, progress)
    return read_deployment(connect, stage)


def read_deployment(connect: Connect, stage: str) -> Deployment:
    """What the stage's stack says of itself."""
    stack = find_stack(connect, stage)
    if stack is None:
        raise DeploymentError(f"there is no stack {stack_name(stage)}")
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    return Deployment(
        stage=stage,
        stack=stack["StackName"],
        api_url=outputs["EndpointURL"].rstrip("/"),
        table_name=outputs["TableName"],
        wake_queue_url=outputs["WakeQueueUrl"],
        intake_queue_url=outputs["IntakeQueueUrl"],
        wake_dead_letters_url=outputs["WakeDeadLettersUrl"],
        intake_dead_letters_url=outputs["IntakeDeadLettersUrl"],
        receipts_queue_url=outputs["ReceiptsQueueUrl"],
        receipts_dead_letters_url=outputs["ReceiptsDeadLettersUrl"],
        renew_queue_url=outputs["RenewQueueUrl"],
        renew_dead_letters_url=outputs["RenewDeadLettersUrl"],
        facts_bucket=outputs["FactsBucketName"],
        events_topic=outputs["MessageEventsArn"],
        functions={"api": outputs["APIHandlerName"], "sweep": outputs["SweepName"],
                   "wake": outputs["WakeName"], "intake": outputs["IntakeName"],
                   "receipts": outputs["ReceiptsName"], "reports": outputs["ReportsName"],
                   "renew": outputs["RenewName"]},
        parameter_prefix=f"/perennial/{stage}",
        rest_api_id=outputs["RestAPIId"],
    )


def _upload(connect: Connect, packaged: Package, bucket: str, progress: Progress) -> str:
    """Put the zips and the template that names them into the bucket; returns the template's address."""
    s3 = connect("s3")

    def put(body: bytes, suffix: str) -> str:
        key = f"{hashlib.sha256(body).hexdigest()}{suffix}"
        if not s3.list_objects_v2(Bucket=bucket, Prefix=key).get("KeyCount"):
            if len(body) > 1_000_000:
                progress(f"uploading {len(body) / 1_000_000:.0f} MB")
            s3.put_object(Bucket=bucket, Key=key, Body=body)
        return key

    files = {"deployment.zip": packaged.app, "layer-deployment.zip": packaged.layer,
             "reports-layer.zip": packaged.reports_layer}
    uris = {f"./{name}": f"s3://{bucket}/{put(file.read_bytes(), '.zip')}" for name, file in files.items()}
    template = copy.deepcopy(packaged.template)
    for resource in template["Resources"].values():
        for name in {"CodeUri", "ContentUri"} & resource.get("Properties", {}).keys():
            resource["Properties"][name] = uris[resource["Properties"][name]]
    key = put(json.dumps(template).encode(), ".json")
    return f"{s3.meta.endpoint_url}/{bucket}/{key}"


def _make_change_set(connect: Connect, stage: str, stack: Mapping[str, Any] | None, template_url: str,
                     digest: str, parameters: Mapping[str, str]) -> str | None:
    """A change set ready to be carried out, or None when there is nothing to change."""
    if stack is not None and stack["StackStatus"] == "ROLLBACK_COMPLETE":
        raise DeploymentError(f"the first deployment of {stack_name(stage)} failed and was rolled back; "
                              "delete that stack, then deploy again")
    given = {"Stage": stage, **parameters}
    kept = {known["ParameterKey"] for known in (stack or {}).get("Parameters", [])} - given.keys()
    cloudformation = connect("cloudformation")
    change_set: str = cloudformation.create_change_set(
        StackName=stack_name(stage),
        ChangeSetName=f"sources-{digest[:12]}-{int(time.time())}",
        ChangeSetType="UPDATE" if stack else "CREATE",
        TemplateURL=template_url,
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in given.items()]
        + [{"ParameterKey": key, "UsePreviousValue": True} for key in sorted(kept)],
        Tags=[{"Key": DIGEST_TAG, "Value": digest}],
    )["Id"]
    for _ in _moments():
        described = cloudformation.describe_change_set(ChangeSetName=change_set)
        if described["Status"] == "CREATE_COMPLETE":
            break
        if described["Status"] == "FAILED":
            reason = described.get("StatusReason", "")
            if "didn't contain changes" in reason or "No updates" in reason:
                cloudformation.delete_change_set(ChangeSetName=change_set)
                return None
            raise DeploymentError(f"the change set was refused: {reason}")
    return change_set


def _watch(connect: Connect, stage: str, started: float, progress: Progress) -> None:
    """Follow a running change until it ends, telling how many resources are done."""
    seen: set[str] = set()
    done: set[str] = set()
    reasons: list[str] = []
    for _ in _moments():
        status = (find_stack(connect, stage) or {"StackStatus": "DELETED"})["StackStatus"]
        before = len(done)
        for event in _new_events(connect, stage, started, seen):
            if event["ResourceStatus"] in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
                done.add(event["LogicalResourceId"])
            elif event["ResourceStatus"].endswith("_FAILED"):
                reasons.append(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason', '')}")
        if len(done) > before:
            progress(f"{len(done)} resources done")
        if status in ("CREATE_COMPLETE", "UPDATE_COMPLETE"):
            return
        if not status.endswith("_IN_PROGRESS"):
            raise DeploymentError(f"{stack_name(stage)} ended as {status}\n" + "\n".join(reasons))


def _new_events(connect: Connect, stage: str, started: float, seen: set[str]) -> Iterator[dict[str, Any]]:
    pages = connect("cloudformation").get_paginator("describe_stack_events")
    events = [event for page in pages.paginate(StackName=stack_name(stage)) for event in page["StackEvents"]]
    for event in reversed(events):
        if event["EventId"] not in seen and event["Timestamp"].timestamp() >= started - 1:
            seen.add(event["EventId"])
            yield event


def _moments() -> Iterator[None]:
    """Moments to look again: soon at first, then each two seconds, for at most half an hour."""
    deadline, pause = time.monotonic() + 1800, 0.2
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(2.0, pause * 1.5)
    raise DeploymentError("CloudFormation did not finish within half an hour")
