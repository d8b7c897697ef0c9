"""Deploys to AWS, and holds what a deployment needs besides its template: a bucket, and parameters.

    python -m infra.deploy --stage dev          # ordinary credentials chain
    python -m infra.deploy --package-only       # only the package, in build/dev
"""

import argparse
import secrets
import sys
from collections.abc import Mapping

import boto3

from infra.layers import PackagingError, Progress
from infra.package import LOCAL_STAGE, ROOT, package
from infra.stack import Connect, Deployment, DeploymentError, deploy


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


def deploy_to_aws(
    stage: str, public_base_url: str | None, parameters: Mapping[str, str], progress: Progress
) -> Deployment:
    """Deploy a stage to the account and region of the ordinary credentials chain. parameters: of the
    template; one that is not named keeps what an earlier deployment gave it."""
    session = boto3.Session()
    region = session.region_name
    if region is None:
        raise DeploymentError("no region: set AWS_DEFAULT_REGION or a profile with one")
    account = session.client("sts").get_caller_identity()["Account"]
    progress(f"account {account}, region {region}")
    bucket = f"perennial-{stage}-{account}-{region}"
    ensure_bucket(session.client, bucket, region)
    packaged = package(stage, region, progress)
    deployment = deploy(session.client, stage, packaged, bucket, progress, parameters)
    ensure_parameters(session.client, deployment, public_base_url)
    return deployment


def main() -> int:
    parser = argparse.ArgumentParser(description="Package Perennial and deploy it to AWS.")
    parser.add_argument("--stage", default="dev")
    parser.add_argument("--package-only", action="store_true", help="stop before anything is sent to AWS")
    parser.add_argument("--public-base-url", help="the public address of links, when it is not the API's own")
    parser.add_argument("--alarm-email", help="where alarms are mailed")
    parser.add_argument("--set", action="append", default=[], metavar="NAME=VALUE", type=_pair,
                        help="a parameter of the template (docs/operation.md), kept over later deployments")
    arguments = parser.parse_args()
    if arguments.stage == LOCAL_STAGE:
        parser.error("this stage belongs to the local cloud: make demo")
    try:
        if arguments.package_only:
            packaged = package(arguments.stage, "us-east-1", _tell)
            app, layer = (file.stat().st_size // 1000 for file in (packaged.app, packaged.layer))
            print(f"{packaged.app.parent.relative_to(ROOT)}/template.json; app {app} kB, layer {layer} kB")
            return 0
        given = dict(arguments.set)
        if arguments.alarm_email:
            given["AlarmEmail"] = arguments.alarm_email
        deployment = deploy_to_aws(arguments.stage, arguments.public_base_url, given, _tell)
    except (DeploymentError, PackagingError) as error:
        print(f"not deployed: {error}", file=sys.stderr)
        return 1
    print(f"{deployment.stack}: {deployment.api_url}")
    return 0


def _pair(text: str) -> tuple[str, str]:
    name, equals, value = text.partition("=")
    if not (name and equals):
        raise argparse.ArgumentTypeError(f"{text!r} is not NAME=VALUE")
    return name, value


def _tell(line: str) -> None:
    print(f"  {line}", flush=True)


if __name__ == "__main__":
    sys.exit(main())
