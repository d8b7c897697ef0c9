"""The local cloud: ministack on loopback, with the very template that goes to AWS deployed on it.

    cloud = LocalCloud()                   # state in .local/cloud, kept from run to run
    cloud.start(print)                     # or find it running
    deployment = cloud.deploy(print)       # seconds; at once when no source has changed
    cloud.connect("dynamodb").get_item(TableName=deployment.table_name, ...)
    cloud.stop(print)                      # state is written

IAM is enforced: each function acts under its own role. What is called through `connect` acts as root.
"""

import argparse
import contextlib
import dataclasses
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from typing import Any

import boto3

from infra.deploy import ensure_bucket, ensure_parameters
from infra.layers import PackagingError, Progress
from infra.package import LOCAL_STAGE, ROOT, package, sources_digest
from infra.stack import Deployment, DeploymentError, deploy, deployed_digest, find_stack, read_deployment

PROGRAM = ROOT / ".venv-cloud" / "bin" / "ministack"
REGION = "us-east-1"
HOST = "127.0.0.1"
PORTS = range(4566, 4700)
MAIL_DOMAIN = "perennial.example"
CHANNELS = {
    "SmsChannel": "sns", "SmsPerSecond": "0",
    "EmailFrom": f"Perennial <salon@{MAIL_DOMAIN}>", "EmailPerSecond": "0",
    "EventSignatures": "unsigned",
}
"""Parameters of the template. There is no End User Messaging here: neither its SMS nor WhatsApp;
and its SNS signs nothing."""
START_SECONDS = 60
STOP_SECONDS = 60


class LocalCloudError(Exception):
    """The local cloud could not be started or stopped; the message says what to do."""


class LocalCloud:
    """One local cloud with its own state folder and port. Two with different folders do not meet."""

    def __init__(self, home: Path = ROOT / ".local" / "cloud", ports: range = PORTS) -> None:
        self.home = home
        self._ports = ports
        self._notes = home / "cloud.json"
        self._clients: dict[str, Any] = {}
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def port(self) -> int:
        """The port of this cloud, chosen at its first start and kept, so that links go on working."""
        return int(self._remembered()["port"])

    @property
    def pid(self) -> int:
        """The process of this cloud, which must be running."""
        return int(self._remembered()["pid"])

    @property
    def endpoint_url(self) -> str:
        return f"http://{HOST}:{self.port}"

    def running(self) -> bool:
        """Whether the process we started is alive and answers at our port."""
        remembered = self._remembered()
        return bool(remembered.get("pid")) and self._alive(remembered["pid"]) and _healthy(remembered["port"])

    def start(self, progress: Progress) -> None:
        """Start the cloud, or find it running; returns when it answers."""
        if self.running():
            progress(f"local cloud is running at {self.endpoint_url}")
            return
        if not PROGRAM.exists():
            raise LocalCloudError(f"{PROGRAM.relative_to(ROOT)} is missing: run `make install`")
        port = self._choose_port(progress)
        # Functions' workers unpack the layer here; what a killed cloud has left behind is worth nothing.
        shutil.rmtree(self.home / "tmp", ignore_errors=True)
        (self.home / "tmp").mkdir(parents=True)
        with (self.home / "ministack.log").open("wb") as log:
            self._process = subprocess.Popen(
                [str(PROGRAM)], env=self._environment(port), cwd=self.home, start_new_session=True,
                stdin=subprocess.DEVNULL, stdout=log, stderr=subprocess.STDOUT)
        self._remember(port=port, pid=self._process.pid)
        self._clients.clear()
        deadline = time.monotonic() + START_SECONDS
        while not _healthy(port):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.stop(lambda line: None)
                last = (self.home / "ministack.log").read_text(errors="replace")[-1500:]
                raise LocalCloudError(f"the local cloud did not start on port {port}:\n{last}")
            time.sleep(0.1)
        progress(f"local cloud started at {self.endpoint_url}")

    def deploy(self, progress: Progress) -> Deployment:
        """Bring the stack to the present sources; at once when they are those already deployed."""
        stack = find_stack(self.connect, LOCAL_STAGE)
        if deployed_digest(stack) == sources_digest(LOCAL_STAGE):
            progress("the stack is up to date")
        else:
            bucket = f"perennial-{LOCAL_STAGE}"
            ensure_bucket(self.connect, bucket, REGION)
            packaged = package(LOCAL_STAGE, REGION, progress)
            channels = {**CHANNELS, "PushApplications": f"android={self.push_application()}"}
            deploy(self.connect, LOCAL_STAGE, packaged, bucket, progress, channels)
        deployment = self.deployment()
        ensure_parameters(self.connect, deployment)
        self.verify_sender(MAIL_DOMAIN)
        return deployment

    def verify_sender(self, identity: str) -> None:
        """E-mail may come from this domain or address from now on: SES here believes whoever says so."""
        ses = self.connect("sesv2")
        with contextlib.suppress(ses.exceptions.AlreadyExistsException):
            ses.create_email_identity(EmailIdentity=identity)

    def push_application(self) -> str:
        """The platform application in which devices are registered, made when absent: nothing leaves from
        it."""
        made = self.connect("sns").create_platform_application(
            Name="perennial", Platform="GCM", Attributes={"PlatformCredential": "none"})
        return str(made["PlatformApplicationArn"])

    def deployment(self) -> Deployment:
        """What is deployed here, its API at the address by which it answers locally."""
        deployment = read_deployment(self.connect, LOCAL_STAGE)
        stage = deployment.api_url.rsplit("/", 1)[1]
        api_url = f"{self.endpoint_url}/_aws/execute-api/{deployment.rest_api_id}/{stage}"
        return dataclasses.replace(deployment, api_url=api_url)

    def stop(self, progress: Progress) -> None:
        """Stop the cloud cleanly; its state is written and found again at the next start."""
        if not self.running() and (self._process is None or self._process.poll() is not None):
            progress("local cloud is not running")
            return
        pid = self._remembered()["pid"]
        progress("stopping the local cloud, keeping its state")
        os.kill(pid, signal.SIGTERM)
        deadline = time.monotonic() + STOP_SECONDS
        while self._alive(pid):
            if time.monotonic() > deadline:
                raise LocalCloudError(f"process {pid}, the local cloud, has not stopped in {STOP_SECONDS} s")
            time.sleep(0.1)
        self._remember(port=self.port, pid=None)

    def forget(self) -> None:
        """Remove all state. The cloud must be stopped."""
        shutil.rmtree(self.home, ignore_errors=True)

    def connect(self, service: str) -> Any:
        """The boto3 client of a service, as the account's root."""
        if service not in self._clients:
            self._clients[service] = self.session().client(service, endpoint_url=self.endpoint_url)
        return self._clients[service]

    def session(self) -> Any:
        """A boto3 session with the root's keys. Pass `endpoint_url` to the clients made of it."""
        return boto3.Session(aws_access_key_id="test", aws_secret_access_key="test", region_name=REGION)

    def sms_messages(self) -> list[dict[str, Any]]:
        """Every SMS that SNS took, oldest first for each number: PhoneNumber, Message, MessageId, ..."""
        by_number = self._ask("/_ministack/sns/sms-messages")["sms_messages"]
        return [message for messages in by_number.values() for message in messages]

    def emails(self) -> list[dict[str, Any]]:
        """Every e-mail that SES took, oldest first: To, Subject, BodyText, BodyHtml, MessageId, ..."""
        by_account = self._ask("/_ministack/ses/messages")["messages"]
        return [message for messages in by_account.values() for message in messages]

    def _alive(self, pid: int) -> bool:
        if self._process is not None and self._process.pid == pid:
            return self._process.poll() is None  # a child of ours that has ended is reaped by this
        try:
            os.kill(pid, 0)
        except (ProcessLookupError, PermissionError):  # gone, or its number is another's by now
            return False
        return True

    def _ask(self, path: str) -> Any:
        with urllib.request.urlopen(self.endpoint_url + path, timeout=10) as answer:
            return json.load(answer)

    def _environment(self, port: int) -> dict[str, str]:
        """Everything the cloud may know of this machine: its functions inherit it, so it is little."""
        passed = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        return passed | {
            "BIND_HOST": HOST,
            "MINISTACK_HOST": HOST,
            "GATEWAY_PORT": str(port),
            "MINISTACK_REGION": REGION,
            "AUTH": "true",
            "IOT_MTLS_ENABLED": "0",             # else a listener on every interface
            "SFTP_ENABLED": "0",
            "DOCKER_HOST": "unix:///nonexistent",  # no containers: leave a Docker of this machine alone
            "PERSIST_STATE": "1",
            "STATE_DIR": str(self.home / "state"),
            "S3_PERSIST": "1",
            "S3_DATA_DIR": str(self.home / "s3"),
            "TMPDIR": str(self.home / "tmp"),
            "LOG_LEVEL": "WARNING",
        }

    def _choose_port(self, progress: Progress) -> int:
        remembered = self._remembered().get("port")
        if remembered and _free(remembered):
            return int(remembered)
        port = next((port for port in self._ports if _free(port)), None)
        if port is None:
            raise LocalCloudError(f"no port of {self._ports.start}-{self._ports.stop - 1} is free on {HOST}")
        if remembered:
            progress(f"port {remembered} is taken by another program; now on {port}: older links are dead")
        return port

    def _remembered(self) -> dict[str, Any]:
        try:
            notes: dict[str, Any] = json.loads(self._notes.read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return notes

    def _remember(self, **notes: Any) -> None:
        self._notes.write_text(json.dumps(notes))


def _free(port: int) -> bool:
    with socket.socket() as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        with contextlib.suppress(OSError):
            listener.bind((HOST, port))
            return True
    return False


def _healthy(port: int) -> bool:
    try:
        with urllib.request.urlopen(f"http://{HOST}:{port}/_ministack/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except OSError:
        return False


def main() -> int:
    parser = argparse.ArgumentParser(description="The local cloud: deployed, stopped, or forgotten.")
    parser.add_argument("action", choices=["up", "down", "forget"])
    action = parser.parse_args().action
    cloud = LocalCloud()
    began = time.monotonic()

    def tell(line: str) -> None:
        print(f"  {time.monotonic() - began:5.1f} s  {line}", flush=True)

    try:
        if action == "up":
            cloud.start(tell)
            print(json.dumps(dataclasses.asdict(cloud.deploy(tell)), indent=2))
        else:
            cloud.stop(tell)
        if action == "forget":
            cloud.forget()
    except (LocalCloudError, DeploymentError, PackagingError) as error:
        print(f"failed: {error}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
