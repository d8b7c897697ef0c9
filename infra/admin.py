"""What is done to a deployment by hand: a new network and its owner's key, whom its messages come from, at
which numbers its clients are heard, what became of items that are parked, and pages of facts made again.

    python -m infra.admin make-network --name Magnolia --country MD --language ru --stage dev
    python -m infra.admin make-network --name Magnolia --country MD --language ru --local
    python -m infra.admin make-owner-key --network net_... --stage dev      # when the last one was lost
    python -m infra.admin send-as --network net_... --channel sms --identity +373... --stage dev
    python -m infra.admin senders --network net_... --stage dev              # which of them are proven
    python -m infra.admin answer-at --network net_... --number +373... --stage dev
    python -m infra.admin parked --network net_... --stage dev              # the list
    python -m infra.admin parked --network net_... --retry ID --stage dev   # or --remove ID
    python -m infra.admin renew-facts --network net_... --stage dev          # all pages, of the table

Against AWS by the ordinary credentials chain. A key is printed once and kept nowhere.
"""

import argparse
import os
import sys
import time
from collections.abc import Collection
from dataclasses import dataclass
from typing import Any

import boto3

from chalicelib import wiring
from chalicelib.domain.facts.fact_pages import FACT_TABLES
from chalicelib.domain.networks.access import Access
from chalicelib.domain.networks.network import Directory, Network, Role
from chalicelib.domain.shared.errors import DomainError, Unreadable
from chalicelib.queues import SqsRenewalQueue, SqsWakeQueue
from chalicelib.services.facts.fact_ports import RenewalQueue
from chalicelib.services.networks.manage_keys import make_key
from chalicelib.services.networks.set_identities import answer_at, set_identities
from chalicelib.services.networks.set_up import make_network
from chalicelib.services.shared.ports import Randomness
from chalicelib.services.shared.world import World
from chalicelib.services.waking.retry_parked import list_parked, remove_parked, retry_parked
from chalicelib.settings import Settings, from_environment
from chalicelib.store.table import Table
from infra.local_cloud import REGION, LocalCloud
from infra.stack import Connect, Deployment, DeploymentError, read_deployment


@dataclass(frozen=True)
class ReadAnew:
    """Networks' set-up, read each time: an administrator sees what is there now."""

    table: Table

    def __call__(self, network_id: str) -> Directory | None:
        return self.table.directory(network_id)

    def forget(self, network_id: str) -> None:
        """Nothing is remembered."""


def settings_of(connect: Connect, deployment: Deployment, endpoint_url: str | None = None) -> Settings:
    """The settings that the deployed functions run with, and where they are reached from here."""
    configured = connect("lambda").get_function_configuration(FunctionName=deployment.functions["api"])
    region = connect("lambda").meta.region_name
    here = {"AWS_REGION": region, **({"AWS_ENDPOINT_URL": endpoint_url} if endpoint_url else {})}
    return from_environment({**configured["Environment"]["Variables"], **here})


def table_of(settings: Settings, kind: type[Table] = Table) -> Any:
    return kind(settings.table_name, settings.region, shards=settings.wake_shards, host=settings.endpoint_url)


def world_of(connect: Connect, settings: Settings, randomness: Randomness = wiring.randomness) -> World:
    """The world of the use cases, over a deployed table."""
    table = table_of(settings)
    queue = SqsWakeQueue(lambda: connect("sqs"), settings.wake_queue_url, table.locate)
    return World(table, ReadAnew(table), wiring.now, randomness, queue, time.sleep)


def network_with_owner(world: World, name: str, country: str, language: str) -> tuple[Network, str]:
    """A new network and its owner's key. Raises UNKNOWN_COUNTRY, UNKNOWN_LANGUAGE, INVALID_NAME."""
    network = make_network(world, name=name, country=country, language=language)
    return network, owner_key(world, network.network_id)


def owner_key(world: World, network_id: str) -> str:
    """One more owner's key. Raises NOT_FOUND."""
    return make_key(world, network_id, Role.OWNER, name="owner")[1]


def act_as_local_root() -> None:
    """This process speaks to the local cloud alone, whatever credentials its user has."""
    for name in ("AWS_PROFILE", "AWS_SESSION_TOKEN"):
        os.environ.pop(name, None)
    keys = LocalCloud().session().get_credentials()
    os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"] = keys.access_key, keys.secret_key
    os.environ["AWS_DEFAULT_REGION"] = REGION


def senders_of(world: World, network_id: str) -> str:
    """A line for each identity of a network, with how it came to have it. Raises NOT_FOUND."""
    network = world.fresh_directory(network_id).network
    proof = network.email_proof
    proven = proof.address if proof is not None and proof.proven else None
    lines = [
        f"{channel:9} {text}   {'proven by mail' if text == proven else 'no proof: review it'}"
        if channel == "email"
        else f"{channel:9} {text}   given by the operator, or taken under an earlier version"
        for channel, text in sorted(network.identities.items())
    ]
    return "\n".join(lines) or f"{network_id} sends as the deployment"


@dataclass(frozen=True)
class Deployed:
    """A deployment. own: its own identities."""

    world: World
    own: Collection[str]
    renewals: RenewalQueue


def _deployed(stage: str, local: bool) -> Deployed:
    if not local:
        connect = boto3.Session().client
        return _reached(connect, settings_of(connect, read_deployment(connect, stage)))
    cloud = LocalCloud()
    if not cloud.running():
        raise DeploymentError("the local cloud is not running: make demo")
    act_as_local_root()
    return _reached(cloud.connect, settings_of(cloud.connect, cloud.deployment(), cloud.endpoint_url))


def _reached(connect: Connect, settings: Settings) -> Deployed:
    renewals = SqsRenewalQueue(lambda: connect("sqs"), settings.renew_queue_url)
    return Deployed(world_of(connect, settings), settings.channels.own_identities, renewals)


def main() -> int:
    parser = argparse.ArgumentParser(description="Networks and their owners' keys.")
    actions = parser.add_subparsers(dest="action", required=True)
    making = actions.add_parser("make-network", help="make a network and its owner's key")
    making.add_argument("--name", required=True)
    making.add_argument("--country", required=True, help="two letters: whose phones may lack a country code")
    making.add_argument("--language", default="ru", help="of clients whose language is not known: ru, ro, en")
    again = actions.add_parser("make-owner-key", help="make one more owner's key")
    again.add_argument("--network", required=True)
    sending = actions.add_parser("send-as", help="whom a network's messages come from")
    sending.add_argument("--channel", required=True, choices=["sms", "whatsapp", "email"])
    sending.add_argument("--identity", default="", help="empty: the deployment's own again")
    answering = actions.add_parser("answer-at", help="a number that a network's clients may write to")
    answering.add_argument("--number", required=True)
    showing = actions.add_parser("senders", help="whom a network's messages come from, and by what proof")
    parked = actions.add_parser("parked", help="items that are woken no more or cannot be read")
    parked.add_argument("--retry", default="", metavar="ID", help="wake one again, once it is mended")
    parked.add_argument("--remove", default="", metavar="ID", help="remove one, on record")
    renewing = actions.add_parser("renew-facts", help="make all pages of facts again, of the table")
    for action in (making, again, sending, answering, showing, parked, renewing):
        action.add_argument("--stage", default="dev")
        action.add_argument("--local", action="store_true", help="on the local cloud")
    for action in (sending, answering, showing, parked, renewing):
        action.add_argument("--network", required=True)
    given = parser.parse_args()
    try:
        print(_done(_deployed(given.stage, given.local), given))
    except (DeploymentError, DomainError, Unreadable) as error:
        print(f"not done: {error}", file=sys.stderr)
        return 1
    return 0


def parked_items(world: World, network_id: str, *, retry: str = "", remove: str = "") -> str:
    """The network's parked items, one a line, after one of them was retried or removed. Raises NOT_FOUND,
    TRY_AGAIN, NOT_REMOVABLE, Unreadable."""
    if retry:
        retry_parked(world, network_id, retry)
    if remove:
        remove_parked(world, Access(network_id=network_id, role=Role.OWNER, actor="system:admin"), remove)
    found = list_parked(world, network_id)
    lines = [f"{each.id}  {each.kind}  since {each.at}  {each.error}" for each in found]
    return "\n".join(lines) or "nothing is parked"


def renew_facts(world: World, renewals: RenewalQueue, network_id: str) -> str:
    """Hands all pages of facts over to be made again. Reports stay right meanwhile."""
    pages = [page for table in FACT_TABLES for page in world.store.fact_pages(network_id, table)]
    for page in pages:
        renewals.renew(page, whole=True)
    return f"{len(pages)} pages of facts are being made again"


def _done(deployed: Deployed, given: argparse.Namespace) -> str:
    world = deployed.world
    if given.action == "renew-facts":
        return renew_facts(world, deployed.renewals, given.network)
    if given.action == "senders":
        return senders_of(world, given.network)
    if given.action == "send-as":
        network = set_identities(world, given.network, {given.channel: given.identity}, own=deployed.own)
        return f"{network.network_id} sends as {dict(network.identities)}"
    if given.action == "answer-at":
        number = answer_at(world, given.network, given.number)
        return f"{number.number} is answered by {', '.join(number.network_ids)}"
    if given.action == "parked":
        return parked_items(world, given.network, retry=given.retry, remove=given.remove)
    if given.action == "make-network":
        network, key = network_with_owner(world, given.name, given.country, given.language)
        network_id, live = network.network_id, "\nin trial until its owner goes live: POST /v1/network/live"
    else:
        network_id, key, live = given.network, owner_key(world, given.network), ""
    return f"network  {network_id}\nkey      {key}   (owner; shown this once){live}"


if __name__ == "__main__":
    sys.exit(main())
