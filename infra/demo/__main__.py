"""`make demo`: a network with a year behind it on the local cloud, and an hour of its life before your eyes.

    python -m infra.demo            # again: resumes, doubles nothing, shows the table
    python -m infra.demo --errors   # what the deployed functions have complained of

Stopped at any point (Ctrl-C), it goes on from there the next time. `make demo-down` stops the local cloud.
"""

import argparse
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from chalicelib.services.make_links import Links
from infra.admin import act_as_local_root, settings_of, table_of, world_of
from infra.demo import report as tell
from infra.demo import set_up, taps
from infra.demo.cost import bill
from infra.demo.data import CLIENTS, client_id
from infra.demo.desk import Desk
from infra.demo.errors import errors_since
from infra.demo.history import History, staged
from infra.demo.http import Caller, Http, Refused
from infra.demo.layout import LayoutTable, lay_out
from infra.demo.marker import Marker, Markers
from infra.demo.replay import Hooks, deliver_all, outcomes
from infra.demo.story import Stories
from infra.demo.watch import Watch
from infra.local_cloud import LocalCloud, LocalCloudError
from infra.package import ROOT, PackagingError
from infra.stack import DeploymentError

BEFORE_ANCHOR = timedelta(minutes=10)
"""What was due a few minutes before the demo began belongs to it too."""

WATCH_SECONDS = 150


@dataclass
class Steps:
    """Says what is going on, since when, and how long each step took."""

    began: float = field(default_factory=time.monotonic)
    took: list[tuple[str, float]] = field(default_factory=list)

    @contextmanager
    def step(self, name: str) -> Iterator[None]:
        print(f"\n{name}", flush=True)
        started = time.monotonic()
        yield
        self.took.append((name, time.monotonic() - started))

    def tell(self, line: str) -> None:
        print(f"  {time.monotonic() - self.began:5.1f} s  {line}", flush=True)


class Demo:
    """The demo on one local cloud, step by step; each can be done again."""

    def __init__(self, cloud: LocalCloud, steps: Steps) -> None:
        self.cloud, self.steps = cloud, steps

    def run(self) -> None:
        with self.steps.step("Local cloud"):
            self._deploy()
        with self.steps.step("Network"):
            self._make_network()
        with self.steps.step("A year of history"):
            self._lay_out()
        if not self.marker.told:
            with self.steps.step("Webhooks of four booking sites, and a day at the desk"):
                self._tell_stories()
            with self.steps.step("Messages, as the deployed functions send them"):
                self._watch()
        with self.steps.step("What there is now"):
            self._report()

    def _deploy(self) -> None:
        act_as_local_root()
        self.cloud.start(self.steps.tell)
        self.deployment = self.cloud.deploy(self.steps.tell)
        self.settings = settings_of(self.cloud.connect, self.deployment, self.cloud.endpoint_url)
        self.table: LayoutTable = table_of(self.settings, LayoutTable)

    def _make_network(self) -> None:
        name = f"{self.deployment.parameter_prefix}/link-secret"
        secret = self.cloud.connect("ssm").get_parameter(Name=name, WithDecryption=True)["Parameter"]["Value"]
        self.links = Links(secret.encode(), self.deployment.api_url)
        world = world_of(self.cloud.connect, self.settings, set_up.chance_from(self.links))
        self.network_id, key, new = set_up.network_and_owner(world)
        self.steps.tell(f"{'made' if new else 'found'} {self.network_id}")
        self.http = Http(self.deployment.api_url)
        self.steps.tell("calling the API, which starts now")
        self.http.ask("GET", f"{self.deployment.api_url}/health")
        self.said = set_up.set_up(self.http, self.network_id, key, self.deployment.functions,
                                  self.cloud.endpoint_url, self.steps.tell)  # fmt: skip
        self.owner = Caller(self.http, key)
        quiet = set_up.keep_quiet_hours_away(self.owner, datetime.now(UTC))
        set_up.write(self.said)
        self.steps.tell(f"quiet hours {quiet}, away from now; keys and addresses in {_shown(set_up.FILE)}")
        self.markers = Markers(self.cloud.connect("dynamodb"), self.settings.table_name, self.network_id)
        now = datetime.now(UTC).replace(microsecond=0)
        self.marker = self.markers.read() or self.markers.write(Marker(anchor=now))

    def _lay_out(self) -> None:
        if self.marker.items is not None:
            since = f"{self.marker.anchor:%d %b %H:%M} UTC"
            self.steps.tell(f"is there: {self.marker.items:,} items, since {since}")
            return
        directory = self.table.directory(self.network_id)
        assert directory is not None
        entries: dict[str, list[int]] = {}
        history = History(directory, self.links, self.marker.anchor)
        lives = tell.entries_by_kind(history.lives(), entries)
        items = lay_out(self.table, lives, self.marker.anchor, self.steps.tell)
        self.marker = self.markers.write(replace(self.marker, items=items, entries=entries))
        posted = sum(number for number, _ in entries.values())
        self.steps.tell(f"{CLIENTS:,} clients, {items:,} items, {posted:,} bonus entries")

    def _tell_stories(self) -> None:
        self.watch = self._new_watch()
        self.watch.forget_past()
        stories = Stories(self.marker.anchor).all()
        deliver_all(self._hooks(), stories, self.steps.tell)
        Desk(self.http, self.said, self.marker.anchor).day(self.steps.tell)

    def _watch(self) -> None:
        log = self.watch.until_quiet(WATCH_SECONDS)
        asked = taps.links_in([m.text for m in log if m.kind == "confirm_request"], "b")[:3]
        thanked = taps.links_in([m.text for m in log], "r")[:2]
        confirmed = sum(taps.confirm(self.http, link) for link in asked)
        rated = sum(taps.rate(self.http, link, 5, "Спасибо!") for link in thanked)
        self.steps.tell(f"{confirmed} clients confirmed with a tap, {rated} rated their visit; a moment more")
        self.watch.until_quiet(WATCH_SECONDS / 3)
        delivered = sum(len(story.told) for story in Stories(self.marker.anchor).all()) + 1
        done = replace(self.marker, told=True, asked=self.http.asked - delivered, delivered=delivered)
        self.marker = self.markers.write(done)

    def _new_watch(self) -> Watch:
        def line(text: str) -> None:
            self.steps.tell(text.replace(self.deployment.api_url, "…"))

        salons = [salon["id"] for salon in self.said["salons"]]
        since = self.marker.anchor - BEFORE_ANCHOR
        return Watch(self.table, self.network_id, salons, since, self.cloud.sms_messages, line)

    def _hooks(self) -> Hooks:
        return Hooks(self.http, self.said["connections"])

    def _report(self) -> None:
        watch, marker = self._new_watch(), self.marker
        since, log, inbox = watch.since, watch.messages(), watch.inbox()
        report = tell.Report()
        told = outcomes(self._hooks(), self.owner, Stories(marker.anchor).all())
        self.steps.tell("webhooks and messages read; counting bookings")
        tell.webhooks(report, inbox)
        tell.stories(report, told)
        tell.bookings(report, self.table, self.network_id, self.said["salons"])
        tell.messages(report, log)
        self.steps.tell("checking the ledger")
        guests = {each.client_id for each in told if each.client_id}
        served = staged(self.network_id, "in_the_chair")
        touched = sorted({*served, *guests, *(message.client_id for message in log)})
        everybody = [client_id(self.network_id, number) for number in range(CLIENTS)]
        tell.bonuses(report, self.table, self.network_id, marker.entries, touched,
                     [id for id in everybody if id not in touched], since)  # fmt: skip
        sent = [message for message in log if message.state == "sent"]
        skipped = [message for message in log if message.state == "skipped"]
        hour = bill(webhooks=marker.delivered, requests=marker.asked, messages=len(sent), skips=len(skipped))
        tell.costs(report, hour, sum(message.parts for message in sent))
        complaints = errors_since(self.cloud.connect("logs"), self.deployment.functions, since)
        report.section("Functions' errors", [f"{len(complaints)} (python -m infra.demo --errors)"
                                             if complaints else "none"])  # fmt: skip
        tell.addresses(report, self._to_open([message.text for message in reversed(sent)]))
        print("\n" + "\n".join(report.lines), flush=True)

    def _to_open(self, texts: list[str]) -> list[tuple[str, str]]:
        """Addresses that answer; links to pages are taken from the newest messages."""
        url = self.deployment.api_url
        named = [
            ("a booking", next(iter(taps.links_in(texts, "b")), "")),
            ("a review", next(iter(taps.links_in(texts, "r")), "")),
            ("stop messages", next(iter(taps.links_in(texts, "u")), "")),
            ("the API described", f"{url}/openapi.json"),
            ("health", f"{url}/health"),
        ]
        return [(name, address) for name, address in named if address and self.http.ask("GET", address)]


def _shown(path: object) -> str:
    return str(path).removeprefix(f"{ROOT}/")


def _errors(cloud: LocalCloud) -> int:
    if not cloud.running():
        print("the local cloud is not running: make demo")
        return 1
    act_as_local_root()
    functions = cloud.deployment().functions
    for line in errors_since(cloud.connect("logs"), functions, datetime.now(UTC) - timedelta(days=1)):
        print(line)
    return 0


def main() -> int:
    parser = argparse.ArgumentParser(description="The demo on the local cloud.")
    parser.add_argument("--errors", action="store_true", help="the functions' errors of the last day")
    cloud, steps = LocalCloud(), Steps()
    if parser.parse_args().errors:
        return _errors(cloud)
    try:
        Demo(cloud, steps).run()
    except KeyboardInterrupt:
        print("\nStopped. `make demo` goes on from here, `make demo-down` stops the local cloud.")
        return 130
    except (LocalCloudError, DeploymentError, PackagingError, Refused) as error:
        print(f"\nThe demo cannot go on: {error}\nWhat the functions say: python -m infra.demo --errors",
              file=sys.stderr)  # fmt: skip
        return 1
    for name, seconds in [*steps.took, ("All", time.monotonic() - steps.began)]:
        print(f"{seconds:7.1f} s  {name}")
    print(f"\nKeys and addresses are in {_shown(set_up.FILE)}. To stop: make demo-down")
    return 0


if __name__ == "__main__":
    sys.exit(main())
