"""Deploys a packaged application by CloudFormation: the same code for AWS and for the local cloud.

A few boto3 calls take the place of `aws cloudformation package` and `deploy`, so the AWS command line is no
dependency: upload what changed, make a change set, carry it out, tell what happens.

    python -m infra.deploy --stage dev          # ordinary credentials chain
    python -m infra.deploy --package-only       # only the package, in build/dev
"""

import argparse
import copy
import hashlib
import json
import secrets
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from infra.package import Package, PackagingError, Progress, package

Connect = Callable[[str], Any]
"""Gives the boto3 client of a service, e.g. `boto3.Session().client`."""

DIGEST_TAG = "perennial:sources"


class DeploymentError(Exception):
    """The stack could not be deployed; the message has CloudFormation's reasons."""


@dataclass(frozen=True)
class Deployment:
    """Where a deployed application is. `functions` maps api, sweep, wake, intake to the functions' names."""

    stage: str
    stack: str
    api_url: str
    table_name: str
    wake_queue_url: str
    intake_queue_url: str
    wake_dead_letters_url: str
    intake_dead_letters_url: str
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
        functions={"api": outputs["APIHandlerName"], "sweep": outputs["SweepName"],
                   "wake": outputs["WakeName"], "intake": outputs["IntakeName"]},
        parameter_prefix=f"/perennial/{stage}",
        rest_api_id=outputs["RestAPIId"],
    )


def ensure_parameters(connect: Connect, deployment: Deployment, public_base_url: str | None = None) -> None:
    """Secrets and late knowledge, which no template can hold: made once, and kept over later deployments.

    The public address is known only when the API exists. One given (the network's own domain) is kept until
    another is given; the API's own address follows the API."""
    ssm = connect("ssm")
    secret, address = (f"{deployment.parameter_prefix}/{name}" for name in ("link-secret", "public-base-url"))
    found = ssm.get_parameters(Names=[secret, address])["Parameters"]
    values = {parameter["Name"]: parameter["Value"] for parameter in found}
    if secret not in values:
        ssm.put_parameter(Name=secret, Type="SecureString", Value=secrets.token_hex(32))
    wanted = public_base_url or values.get(address) or deployment.api_url
    if not public_base_url and "execute-api" in wanted:
        wanted = deployment.api_url
    if values.get(address) != wanted:
        ssm.put_parameter(Name=address, Type="String", Value=wanted.rstrip("/"), Overwrite=True)


def ensure_bucket(connect: Connect, name: str, region: str) -> None:
    """A private bucket for packages, made when absent."""
    s3 = connect("s3")
    try:
        s3.head_bucket(Bucket=name)
        return
    except s3.exceptions.ClientError as error:
        if error.response["Error"]["Code"] not in ("404", "NoSuchBucket", "NotFound"):
            raise DeploymentError(f"the bucket {name} cannot be used: {error}") from error
    # us-east-1 is the one region that must not be named.
    where = {} if region == "us-east-1" else {"CreateBucketConfiguration": {"LocationConstraint": region}}
    s3.create_bucket(Bucket=name, **where)
    s3.put_public_access_block(Bucket=name, PublicAccessBlockConfiguration={
        "BlockPublicAcls": True, "IgnorePublicAcls": True,
        "BlockPublicPolicy": True, "RestrictPublicBuckets": True})


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

    uris = {f"./{name}": f"s3://{bucket}/{put(file.read_bytes(), '.zip')}"
            for name, file in (("deployment.zip", packaged.app), ("layer-deployment.zip", packaged.layer))}
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
    told: set[str] = set()
    done: set[str] = set()
    reasons: list[str] = []
    for _ in _moments():
        status = (find_stack(connect, stage) or {"StackStatus": "DELETED"})["StackStatus"]
        before = len(done)
        for event in _new_events(connect, stage, started, told):
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


def _new_events(connect: Connect, stage: str, started: float, told: set[str]) -> Iterator[dict[str, Any]]:
    pages = connect("cloudformation").get_paginator("describe_stack_events").paginate(StackName=stack_name(stage))
    events = [event for page in pages for event in page["StackEvents"]]
    for event in reversed(events):
        if event["EventId"] not in told and event["Timestamp"].timestamp() >= started - 1:
            told.add(event["EventId"])
            yield event


def _moments() -> Iterator[None]:
    """Moments to look again: soon at first, then each two seconds, for at most half an hour."""
    deadline, pause = time.monotonic() + 1800, 0.2
    while time.monotonic() < deadline:
        yield
        time.sleep(pause)
        pause = min(2.0, pause * 1.5)
    raise DeploymentError("CloudFormation did not finish within half an hour")


def deploy_to_aws(stage: str, public_base_url: str | None, alarm_email: str | None, progress: Progress) -> Deployment:
    """Deploy a stage to the account and region of the ordinary credentials chain."""
    import boto3

    session = boto3.Session()
    region = session.region_name
    if region is None:
        raise DeploymentError("no region: set AWS_DEFAULT_REGION or a profile with one")
    account = session.client("sts").get_caller_identity()["Account"]
    progress(f"account {account}, region {region}")
    bucket = f"perennial-{stage}-{account}-{region}"
    ensure_bucket(session.client, bucket, region)
    packaged = package(stage, region, progress)
    given = {"AlarmEmail": alarm_email} if alarm_email else {}
    deployment = deploy(session.client, stage, packaged, bucket, progress, given)
    ensure_parameters(session.client, deployment, public_base_url)
    return deployment


def main() -> int:
    parser = argparse.ArgumentParser(description="Package Perennial and deploy it to AWS.")
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--package-only", action="store_true", help="stop before anything is sent to AWS")
    parser.add_argument("--public-base-url", help="the public address of links, when it is not the API's own")
    parser.add_argument("--alarm-email", help="where alarms are mailed")
    arguments = parser.parse_args()
    if arguments.stage == "local":
        parser.error("the stage 'local' belongs to the local cloud: make demo")
    try:
        if arguments.package_only:
            packaged = package(arguments.stage, "us-east-1", _tell)
            folder = packaged.app.parent.relative_to(Path.cwd())
            sizes = f"app {packaged.app.stat().st_size // 1000} kB, layer {packaged.layer.stat().st_size // 1000} kB"
            print(f"{folder}/template.json, {sizes}")
            return 0
        deployment = deploy_to_aws(arguments.stage, arguments.public_base_url, arguments.alarm_email, _tell)
    except (DeploymentError, PackagingError) as error:
        print(f"not deployed: {error}", file=sys.stderr)
        return 1
    print(f"{deployment.stack}: {deployment.api_url}")
    return 0


def _tell(line: str) -> None:
    print(f"  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
