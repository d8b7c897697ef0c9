"""Builds what the use cases need from the settings: the one composition root.

Everything is made at first use and kept for the life of the process. Importing this module does nothing, so
that each function pays only for what it uses.
"""

import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from functools import cache, partial
from typing import TYPE_CHECKING, Any

from chalicelib.settings import END_USER_MESSAGING, SNS, Settings, from_environment

if TYPE_CHECKING:
    from chalicelib.domain.messages.receipts import Receipt
    from chalicelib.domain.messages.replies import Reply
    from chalicelib.domain.networks.network import Directory
    from chalicelib.events.sns_envelope import Envelopes
    from chalicelib.objects import S3FactObjects
    from chalicelib.passes.wallets import Wallets
    from chalicelib.queues import SqsIntakeQueue, SqsRenewalQueue, SqsWakeQueue
    from chalicelib.services.bookings.site_steps import TakeStep
    from chalicelib.services.facts.fact_files import FactFiles
    from chalicelib.services.intake.booking_site import BookingSite
    from chalicelib.services.intake.ingest import Intake
    from chalicelib.services.intake.receive_webhook import Receiving
    from chalicelib.services.messages.sending import Sending
    from chalicelib.services.reports.report_engine import ReportEngine
    from chalicelib.services.shared.links import Links
    from chalicelib.services.shared.ports import PassUpdates, PushRegistry, Sender
    from chalicelib.services.shared.world import World
    from chalicelib.services.waking.poll_site import Polling
    from chalicelib.services.waking.wake_items import Handlers
    from chalicelib.store.table import Table

DIRECTORY_KEPT = timedelta(seconds=60)
MAX_DIRECTORIES = 200


def now() -> datetime:
    """The present instant: UTC, in whole milliseconds like stored instants."""
    instant = datetime.now(UTC)
    return instant.replace(microsecond=instant.microsecond // 1000 * 1000)


def randomness(characters: int) -> str:
    """Unguessable characters of Crockford base 32."""
    from chalicelib.domain.shared.ids import ALPHABET

    return "".join(secrets.choice(ALPHABET) for _ in range(characters))


class CachedDirectories:
    """Networks' set-up, read once a minute at most; the oldest goes when there are too many."""

    def __init__(self, read: "Callable[[str], Directory | None]", clock: Callable[[], datetime]) -> None:
        self._read, self._clock = read, clock
        self._kept: dict[str, tuple[datetime, Directory]] = {}

    def __call__(self, network_id: str) -> "Directory | None":
        kept = self._kept.get(network_id)
        if kept is not None and self._clock() < kept[0]:
            return kept[1]
        found = self._read(network_id)
        if found is None:
            self._kept.pop(network_id, None)
            return None
        while len(self._kept) >= MAX_DIRECTORIES:
            self._kept.pop(next(iter(self._kept)), None)
        self._kept[network_id] = (self._clock() + DIRECTORY_KEPT, found)
        return found

    def forget(self, network_id: str) -> None:
        self._kept.pop(network_id, None)


@cache
def settings() -> Settings:
    return from_environment()


@cache
def table() -> "Table":
    from chalicelib.store.table import Table

    here = settings()
    return Table(here.table_name, here.region, shards=here.wake_shards, host=here.endpoint_url)


@cache
def _aws(service: str, attempts: int = 3, **config: Any) -> Any:
    """A plain botocore client: boto3 would cost 300 ms more at each cold start."""
    import botocore.config
    import botocore.session

    here, retries = settings(), {"total_max_attempts": attempts, "mode": "standard"}
    return botocore.session.get_session().create_client(
        service,
        region_name=here.region,
        endpoint_url=here.endpoint_url,
        config=botocore.config.Config(retries=retries, **config),
    )


@cache
def wake_queue() -> "SqsWakeQueue":
    from chalicelib.queues import SqsWakeQueue

    return SqsWakeQueue(_queues, settings().wake_queue_url, table().locate)


@cache
def intake_queue() -> "SqsIntakeQueue":
    from chalicelib.queues import SqsIntakeQueue

    return SqsIntakeQueue(_queues, settings().intake_queue_url)


@cache
def renewal_queue() -> "SqsRenewalQueue":
    """The queue of pages of facts that are to be renewed."""
    from chalicelib.queues import SqsRenewalQueue

    return SqsRenewalQueue(_queues, settings().renew_queue_url)


@cache
def fact_objects() -> "S3FactObjects":
    """The bucket of facts. Objects never change, so that each call may be tried again."""
    from chalicelib.objects import S3FactObjects

    client = partial(_aws, "s3", connect_timeout=1, read_timeout=10, max_pool_connections=32)
    return S3FactObjects(client, settings().facts_bucket)


def _queues() -> Any:
    """Sending to a FIFO queue is idempotent, so that it may be tried again."""
    return _aws("sqs", connect_timeout=1, read_timeout=3)


@cache
def world() -> "World":
    from chalicelib.services.facts.record_facts import FactRecorder
    from chalicelib.services.shared.world import World

    made = World(
        store=table(),
        directories=CachedDirectories(table().directory, now),
        clock=now,
        randomness=randomness,
        wake_queue=wake_queue(),
        pause=time.sleep,
    )
    table().prepared_by(FactRecorder(made))
    return made


@cache
def parameter(name: str) -> str:
    """A value from Parameter Store; secrets are nowhere else."""
    ssm = _aws("ssm", connect_timeout=1, read_timeout=3)
    answer = ssm.get_parameter(Name=f"{settings().parameter_prefix}/{name}", WithDecryption=True)
    return str(answer["Parameter"]["Value"])


def base_url() -> str:
    """The public address that links and webhook addresses begin with, without a slash at its end."""
    return parameter("public-base-url").rstrip("/")


@cache
def links() -> "Links":
    from chalicelib.services.shared.links import Links

    return Links(secret=parameter("link-secret").encode(), base_url=base_url())


def sites() -> "Mapping[str, BookingSite]":
    from chalicelib.booking_sites import ADAPTERS

    return ADAPTERS


@cache
def receiving() -> "Receiving":
    from chalicelib.services.intake.receive_webhook import Receiving

    return Receiving(world(), sites(), intake_queue(), base_url)


@cache
def intake() -> "Intake":
    from chalicelib.services.intake.ingest import Intake

    return Intake(world(), sites(), base_url)


def _provider(service: str) -> "Callable[[], Any]":
    """The client of a service that sends: it asks once, and not for long. Made when something is sent."""
    from chalicelib.channels.attempt import CONNECT_SECONDS, READ_SECONDS

    config = {"connect_timeout": CONNECT_SECONDS, "read_timeout": READ_SECONDS, "attempts": 1}
    return lambda: _aws(service, **config)


def _sms() -> "Sender | None":
    here = settings().channels
    if here.sms == SNS:
        from chalicelib.channels.sns_sms import SnsSms

        client = _provider("sns")
        return _careful(SnsSms(client), client, here.sms_per_second)
    if here.sms == END_USER_MESSAGING:
        from chalicelib.channels.end_user_sms import EndUserSms

        client = _provider("pinpoint-sms-voice-v2")
        sender = EndUserSms(client, here.sms_pool, here.sms_configuration_set, here.sms_max_price)
        return _careful(sender, client, here.sms_per_second)
    return None


def _whatsapp() -> "Sender | None":
    here = settings().channels
    if not here.whatsapp_phone_id:
        return None
    from chalicelib.channels.whatsapp import WhatsApp

    client = _provider("socialmessaging")
    sender = WhatsApp(client, here.whatsapp_phone_id, here.whatsapp_api_version)
    return _careful(sender, client, here.whatsapp_per_second)


def _email() -> "Sender | None":
    here = settings().channels
    if not here.email_from:
        return None
    from chalicelib.channels.ses_email import SesEmail

    client = _provider("sesv2")
    sender = SesEmail(client, here.email_from, here.email_configuration_set)
    return _careful(sender, client, here.email_per_second)


def _push() -> "Sender | None":
    if not settings().channels.push_applications:
        return None
    from chalicelib.channels.push import Push

    client = _provider("sns")
    return _careful(Push(client), client, 0)


def _careful(sender: "Sender", client: "Callable[[], Any]", per_second: float) -> "Sender":
    """The sender at this worker's part of its pace (a shard has one worker), on connections that live. 0: at
    any pace."""
    from chalicelib.channels.fresh_connections import FreshConnections
    from chalicelib.channels.paced import Paced, weight_of

    connected = FreshConnections(sender, lambda: client().close(), time.time)
    if not per_second:
        return connected
    return Paced(
        connected, per_second / settings().wake_shards, time.monotonic, time.sleep, weight_of(sender.channel)
    )


@cache
def senders() -> "Mapping[str, Sender]":
    """The channels that the settings give this deployment."""
    made = (_sms(), _whatsapp(), _email(), _push())
    return {sender.channel: sender for sender in made if sender is not None}


def own_identities() -> frozenset[str]:
    """The deployment's own senders, which are no network's."""
    return settings().channels.own_identities


def push_registry() -> "PushRegistry":
    """Registering is idempotent, so that it may be tried again."""
    from chalicelib.channels.push import PushEndpoints

    sns = partial(_aws, "sns", connect_timeout=1, read_timeout=5)
    return PushEndpoints(sns, settings().channels.push_applications)


@cache
def reports() -> "ReportEngine":
    """The engine of reports, in a function of its own. It is asked once, for a little longer than it may
    run."""
    from chalicelib.functions import ReportsFunction

    here = settings()
    client = partial(_aws, "lambda", attempts=1, connect_timeout=1, read_timeout=26.5)
    return ReportsFunction(client, here.reports_function)


@cache
def report_engine(count: "Callable[[str], None]") -> "ReportEngine":
    """The engine itself, in the function that has DuckDB. count: called with the name of a metric."""
    from chalicelib import report_wiring

    return report_wiring.report_engine(world(), fact_objects(), renewal_queue(), count)


def fact_files() -> "FactFiles":
    """What renews pages of facts, in the function that has DuckDB."""
    from chalicelib import report_wiring

    return report_wiring.fact_files(fact_objects())


@cache
def wallets() -> "Wallets":
    """The makers of passes that the settings name."""
    from chalicelib import wallet_wiring

    return wallet_wiring.wallets(settings().wallet, parameter)


@cache
def sending(count: "Callable[[str], None]" = lambda metric: None) -> "Sending":
    """count: called with the metric of each message's state."""
    from msgspec.structs import asdict

    from chalicelib.domain.messages.spending import Ceilings
    from chalicelib.services.messages.budgets import Budgets
    from chalicelib.services.messages.sending import Sending
    from chalicelib.texts.wording import message_words

    budgets = Budgets(world(), Ceilings(**asdict(settings().ceilings)))
    return Sending(world(), senders(), links(), message_words, budgets, count)


@cache
def handlers(count: "Callable[[str], None]" = lambda metric: None) -> "Handlers":
    from chalicelib.services.waking.handlers import handlers as made

    return made(sending(count), intake_queue(), pass_updates(), site_apis(), polling, renewal_queue())


def site_apis() -> "TakeStep":
    """What asks the APIs of booking sites."""
    from chalicelib.booking_sites.site_apis import site_apis as made
    from chalicelib.texts.site_tasks import reason_to_cancel

    return made(settings().site_api_urls, reason_to_cancel)


@cache
def polling() -> "Polling":
    """What polls booking sites."""
    from chalicelib.booking_sites.site_polls import site_polls
    from chalicelib.services.waking.poll_site import Polling

    return Polling(receiving(), site_polls(settings().site_api_urls))


@cache
def pass_updates() -> "PassUpdates":
    """What notifies the wallets that the settings name of changed cards."""
    from chalicelib import wallet_wiring

    return wallet_wiring.pass_updates(settings().wallet, parameter, world)


@cache
def _envelopes() -> "Envelopes":
    from chalicelib.events.sns_envelope import Envelopes, fetched

    here = settings()
    return Envelopes(frozenset({here.events_topic}), fetched if here.events_verified else None)


def events_of(envelope: Any) -> "Sequence[Receipt | Reply]":
    """The receipts and replies in an event from the queue of receipts. Raises Forged, NotUnderstood."""
    from chalicelib.events.read import read

    published = _envelopes().open(envelope, now())
    return read(published.text, published.at)
