"""The demo, step by step; each can be done again."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from chalicelib.domain.messages.messages import Message, MessageState
from chalicelib.domain.shared.zones import local_date
from chalicelib.services.networks.set_identities import answer_at
from chalicelib.services.shared.links import Links
from infra.admin import act_as_local_root, settings_of, table_of, world_of
from infra.demo.day import taps
from infra.demo.day.answers import Answers
from infra.demo.day.bonuses import Plans, PointsDesk, card_url, months_to_clear, served_with_points
from infra.demo.day.campaign import Office
from infra.demo.day.carriers import OUR_NUMBER, Carriers
from infra.demo.day.cascades import Cascades, cascades_in
from infra.demo.day.desk import Desk
from infra.demo.day.replay import Hooks, deliver_all, outcomes
from infra.demo.day.story import CHISINAU, Stories
from infra.demo.day.trial import NetworkTrial
from infra.demo.day.under_way import UnderWay
from infra.demo.day.watch import Watch
from infra.demo.day.who_is_who import WhoIsWho
from infra.demo.http import Caller, Http
from infra.demo.marker import Marker, Markers
from infra.demo.report import messages as say
from infra.demo.report import report as tell
from infra.demo.report.ask import Reports
from infra.demo.report.bonuses import PointsReport
from infra.demo.report.cost import bill
from infra.demo.report.errors import errors_since
from infra.demo.report.returns import ReturnsReport
from infra.demo.report.slipping_away import SlippingAway
from infra.demo.year import set_up
from infra.demo.year.data import CLIENTS, client_id
from infra.demo.year.history import History
from infra.demo.year.layout import LayoutTable, lay_out
from infra.demo.year.rules import ASKED_BEFORE, ASKED_HOURS_BEFORE, decide
from infra.demo.year.sources import list_sources
from infra.demo.year.stages import staged
from infra.local_cloud import LocalCloud
from infra.package import ROOT

BEFORE_ANCHOR = timedelta(minutes=10)
"""What was due a few minutes before the demo began belongs to it too."""

WATCH_SECONDS = 240


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
    """The demo on one local cloud."""

    def __init__(self, cloud: LocalCloud, steps: Steps) -> None:
        self.cloud, self.steps = cloud, steps

    def run(self) -> None:
        with self.steps.step("Local cloud"):
            self._deploy()
        with self.steps.step("Network"):
            self._make_network()
            if not self.marker.told:
                self._decide()
        with self.steps.step("A year of history"):
            self._lay_out()
        if not self.marker.told:
            with self.steps.step("Webhooks of four booking sites, a day at the desk, a campaign"):
                self._tell_stories()
            with self.steps.step("Who said what, and who is who"):
                self._show_who_is_who()
            with self.steps.step("Bonuses"):
                self._serve_with_points()
            with self.steps.step("Messages, as the deployed functions send them"):
                self._watch()
            with self.steps.step("What carriers tell and clients answer"):
                self._answer()
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
        world = world_of(self.cloud.connect, self.settings, set_up.randomness_from(self.links))
        self.network_id, key, new = set_up.network_and_owner(world)
        answer_at(world, self.network_id, OUR_NUMBER)
        self.steps.tell(f"{'made' if new else 'found'} {self.network_id}, which answers at {OUR_NUMBER}")
        self.http = Http(self.deployment.api_url)
        self.steps.tell("calling the API, which starts now")
        self.http.ask("GET", f"{self.deployment.api_url}/health")
        self.made = set_up.set_up(self.http, self.network_id, key, self.deployment.functions,
                                  self.cloud.endpoint_url, self.steps.tell)  # fmt: skip
        self.owner, self.reception = Caller(self.http, key), Caller(self.http, self.made["keys"]["reception"])
        set_up.write(self.made)
        self.steps.tell(f"keys and addresses are in {shown(set_up.FILE)}")
        self.markers = Markers(self.cloud.connect("dynamodb"), self.settings.table_name, self.network_id)
        now = datetime.now(UTC).replace(microsecond=0)
        self.marker = self.markers.read() or self.markers.write(Marker(anchor=now))
        list_sources(self.owner, self.marker.anchor)

    def _decide(self) -> None:
        """The trial and its end; new rules, whose walk begins in a minute; two messages that wait for as
        long."""
        trial = NetworkTrial(self.owner, self.made, self.marker.anchor, self.steps.tell)
        trial.shown()
        rules = decide(self.owner, datetime.now(UTC))
        quiet = rules["messages"]["quiet_hours"]
        asked = f"clients are asked to confirm {ASKED_HOURS_BEFORE} hours ahead, not {ASKED_BEFORE}"
        self.steps.tell(f"rules: quiet hours {quiet['start']}-{quiet['end']}, away from now; {asked}: "
                        "a walk will plan anew what is upcoming")  # fmt: skip
        tiers = ", ".join(f"{tier['name']} {tier['percent']} %" for tier in rules["bonuses"]["tiers"])
        promotion = Plans(self.owner, self.marker.anchor).promotion(local_date(datetime.now(UTC), CHISINAU))
        self.steps.tell(f"a loyalty programme: {tiers}; gifts, rewards; {promotion['name'].lower()}")
        trial.ended()
        sns = self.cloud.connect("sns")
        Cascades(self.http, self.made, self.marker.anchor, self.table, sns).begin(self.steps.tell)

    def _lay_out(self) -> None:
        if self.marker.items is not None:
            since = f"{self.marker.anchor:%d %b %H:%M} UTC"
            self.steps.tell(f"is there: {self.marker.items:,} items, since {since}")
            return
        directory = self.table.directory(self.network_id)
        assert directory is not None
        entries: dict[str, list[int]] = {}
        history = History(directory, self.links, self.marker.anchor)
        histories = tell.entries_by_kind(history.client_histories(), entries)
        items = lay_out(self.table, histories, self.marker.anchor, self.steps.tell)
        self.marker = self.markers.write(replace(self.marker, items=items, entries=entries))
        posted = sum(number for number, _ in entries.values())
        self.steps.tell(f"{CLIENTS:,} clients, {items:,} items, {posted:,} bonus entries")

    def _tell_stories(self) -> None:
        self.watch = self._new_watch()
        self.watch.forget_past()
        deliver_all(self._hooks(), Stories(self.marker.anchor).all(), self.steps.tell)
        self.desk = Desk(self.http, self.made, self.marker.anchor)
        self.desk.day(self.steps.tell)
        self.office = Office(self.owner, self.marker.anchor, self.steps.tell)
        self.office.started(datetime.now(UTC))

    def _show_who_is_who(self) -> None:
        anchor = self.marker.anchor
        self.who_is_who = WhoIsWho(self.owner, self._hooks(), self.made, anchor, self.steps.tell)
        self.who_is_who.shown()

    def _serve_with_points(self) -> None:
        anchor, reported = self.marker.anchor, self.marker.bonuses
        desk = PointsDesk(self.http, self.made, anchor, self.table, self.links, self.steps.tell)
        for bonuses in desk.day(reported):
            self.marker = self.markers.write(replace(self.marker, bonuses=bonuses))
        Plans(self.owner, anchor).begin_walks()
        self.steps.tell("begun: a simulation of another programme, the audit of the ledger, the clearing of "
                        f"{months_to_clear(anchor)[0]}")  # fmt: skip

    def _watch(self) -> None:
        self.log = self.watch.until_quiet(WATCH_SECONDS, UnderWay(self.owner, self.made).in_words)

    def _answer(self) -> None:
        carriers = Carriers(self.cloud.connect("sns"), self.deployment.events_topic)
        Answers(self.http, self.desk, self.table, carriers, self.log, self.steps.tell).all()
        Plans(self.owner, self.marker.anchor).begin_clearing(months_to_clear(self.marker.anchor)[1])
        under_way = UnderWay(self.owner, self.made)
        self.watch.until_quiet(WATCH_SECONDS / 3, lambda: self._untold() or under_way.in_words())
        self.office.counted()
        delivered = sum(len(story.reported) for story in Stories(self.marker.anchor).all()) + 1
        delivered += self.who_is_who.delivered
        done = replace(self.marker, told=True, asked=self.http.asked - delivered, delivered=delivered)
        self.marker = self.markers.write(done)

    def _untold(self) -> str:
        """How many events still wait to be taken in."""
        sqs, url = self.cloud.connect("sqs"), self.deployment.receipts_queue_url
        names = ["ApproximateNumberOfMessages", "ApproximateNumberOfMessagesNotVisible"]
        found = sqs.get_queue_attributes(QueueUrl=url, AttributeNames=names)["Attributes"]
        waiting = sum(int(number) for number in found.values())
        return f"{waiting} receipts and replies to be taken in" if waiting else ""

    def _new_watch(self) -> Watch:
        def taken() -> set[str]:
            return {each["MessageId"] for each in (*self.cloud.sms_messages(), *self.cloud.emails())}

        salons = [salon["id"] for salon in self.made["salons"]]
        since = self.marker.anchor - BEFORE_ANCHOR
        url = self.deployment.api_url
        return Watch(self.table, self.network_id, salons, since, taken, self.steps.tell, url)

    def _hooks(self) -> Hooks:
        return Hooks(self.http, self.made["connections"])

    def _report(self) -> None:
        watch, marker = self._new_watch(), self.marker
        log, report = watch.messages(), tell.Report()
        reported = outcomes(self._hooks(), self.owner, Stories(marker.anchor).all())
        self.steps.tell("webhooks and messages read; counting bookings")
        tell.webhooks(report, watch.inbox())
        tell.stories(report, reported)
        tell.bookings(report, self.table, self.network_id, self.made["salons"])
        self._report_messages(report, log)
        if marker.bonuses:  # state of before they were shown has none
            names = {salon["id"]: salon["name"] for salon in self.made["salons"]}
            lines = [line for lines in marker.bonuses.values() for line in lines]
            months, expired_clients = months_to_clear(marker.anchor), staged(self.network_id, "expired")
            PointsReport(self.owner, names).all(report, lines, months, expired_clients)
        self.steps.tell("checking the ledger")
        guests = {each.client_id for each in reported if each.client_id}
        served = staged(self.network_id, "in_the_chair")
        served += served_with_points(self.reception, self.network_id)
        touched = sorted({*served, *guests, *(message.client_id for message in log)})
        everybody = [client_id(self.network_id, number) for number in range(CLIENTS)]
        tell.bonuses(report, self.table, self.network_id, marker.entries, touched,
                     [each_id for each_id in everybody if each_id not in touched], watch.since)  # fmt: skip
        went = [each for each in log if each.provider_id]
        skips = sum(each.state is MessageState.SKIPPED for each in log)
        tell.bill_of_hour(report, bill(
            webhooks=marker.delivered, requests=marker.asked, messages=len(went), skips=skips,
            receipts=sum(each.told_at is not None for each in log)))  # fmt: skip
        self.steps.tell("asking for reports of returns")
        returns = tell.Report()
        ReturnsReport(Reports(self.owner)).all(returns)
        SlippingAway(Reports(self.owner)).all(returns)
        complaints = errors_since(self.cloud.connect("logs"), self.deployment.functions, watch.since)
        report.section("Functions' errors", [f"{len(complaints)} (python -m infra.demo --errors)"
                                             if complaints else "none"])  # fmt: skip
        tell.addresses(report, self._to_open([each.text for each in reversed(went)]))
        print("\n" + "\n".join([*report.lines, *returns.lines]), flush=True)

    def _report_messages(self, report: tell.Report, log: list[Message]) -> None:
        say.messages(report, log)
        say.cascades(report, cascades_in(log))
        desk = Desk(self.http, self.made, self.marker.anchor)
        say.opt_out(report, self.reception, desk.appointment_of_who_opts_out()["client_id"])
        office = Office(self.owner, self.marker.anchor, self.steps.tell)
        if campaign := office.planned():
            say.campaign(report, campaign)
        say.walks(report, self._listed("/v1/walks"))
        say.tasks(report, self._listed("/v1/tasks"))
        say.costs(report, self.owner.get("/v1/reports/messages/costs"))

    def _listed(self, path: str) -> list[dict[str, Any]]:
        return list(self.owner.get(f"{path}?limit=100")["items"])

    def _to_open(self, texts: list[str]) -> list[tuple[str, str]]:
        """Addresses that answer; links to pages are taken from the newest messages."""
        url = self.deployment.api_url
        named = [
            ("a booking", next(iter(taps.links_in(texts, "b")), "")),
            ("a review", next(iter(taps.links_in(texts, "r")), "")),
            ("stop messages", next(iter(taps.links_in(texts, "u")), "")),
            ("a bonus card", card_url(self.reception, self.network_id)),
            ("the API described", f"{url}/openapi.json"),
            ("health", f"{url}/health"),
        ]
        return [(name, address) for name, address in named if address and self.http.ask("GET", address)]


def shown(path: object) -> str:
    return str(path).removeprefix(f"{ROOT}/")
