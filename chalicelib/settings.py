"""The only reader of the environment. What each name means is in docs/operation.md."""

import os
from collections.abc import Mapping
from email.utils import parseaddr

from msgspec import Struct, field

SNS, END_USER_MESSAGING = "sns", "end_user_messaging"
VERIFIED, UNSIGNED = "verified", "unsigned"


class Channels(Struct, frozen=True, kw_only=True):
    """Which channels this deployment has, and whom it sends as where a network has no identity of its own.

    sms                 SNS, END_USER_MESSAGING or empty: no SMS.
    sms_pool            a pool, phone number or sender id; empty: AWS chooses among those of the account.
    whatsapp_phone_id, email_from, push_applications   empty: the channel is not there.
    push_applications   by platform (android, ios, web), the ARN of its application.
    ..._per_second      what one identity may send, by all workers together; 0: no limit.
    """

    sms: str = ""
    sms_pool: str = ""
    sms_configuration_set: str = ""
    sms_max_price: str = ""
    sms_per_second: float = 0
    whatsapp_phone_id: str = ""
    whatsapp_api_version: str = "v20.0"
    whatsapp_per_second: float = 0
    email_from: str = ""
    email_configuration_set: str = ""
    email_per_second: float = 0
    push_applications: Mapping[str, str]

    @property
    def own_identities(self) -> frozenset[str]:
        """The deployment's own senders, in the form of networks' identities."""
        address = parseaddr(self.email_from)[1].lower()
        return frozenset(filter(None, (self.sms_pool, self.whatsapp_phone_id, address)))


class Wallet(Struct, frozen=True, kw_only=True):
    """Which wallets take a client's card. Each is off where its first is empty; keys are in Parameter Store.

    apple_pass_type, apple_team   as Apple gave them; google_issuer: as Google did; google_logo: https
    address.
    """

    apple_pass_type: str = ""
    apple_team: str = ""
    google_issuer: str = ""
    google_logo: str = ""


class MessageCeilings(Struct, frozen=True, kw_only=True):
    """What the operator allows a day (UTC); None: there is no limit.

    network_messages, network_usd_cents  to each network; deployment_messages: to all of them together.
    """

    network_messages: int | None = None
    network_usd_cents: int | None = None
    deployment_messages: int | None = None


class Settings(Struct, frozen=True):
    """A function's surroundings, as CloudFormation sets them (infra/resources.yaml).

    events_topic     ARN of the topic to which channels publish events of messages.
    events_verified  whether the signatures of events are verified; the local cloud signs nothing.
    site_api_urls    by booking site, where its API is, in place of the site's own address.
    facts_bucket     the bucket of facts as Parquet.
    renew_queue_url  of the queue of pages of facts that are to be renewed.
    reports_function the function that makes reports; empty but in the API and in the renewals.
    """

    region: str
    table_name: str
    wake_queue_url: str
    intake_queue_url: str
    wake_shards: int
    parameter_prefix: str
    stage: str
    endpoint_url: str | None
    channels: Channels
    events_topic: str
    events_verified: bool
    wallet: Wallet = Wallet()
    ceilings: MessageCeilings = MessageCeilings()
    site_api_urls: Mapping[str, str] = field(default_factory=dict)
    facts_bucket: str = ""
    renew_queue_url: str = ""
    reports_function: str = ""


def from_environment(environment: Mapping[str, str] | None = None) -> Settings:
    """Raises KeyError naming the variable that is missing."""
    env = os.environ if environment is None else environment
    return Settings(
        region=env.get("AWS_REGION") or env.get("AWS_DEFAULT_REGION") or "us-east-1",
        table_name=env["TABLE_NAME"],
        wake_queue_url=env.get("WAKE_QUEUE_URL", ""),
        intake_queue_url=env.get("INTAKE_QUEUE_URL", ""),
        wake_shards=int(env.get("WAKE_SHARDS", "8")),
        parameter_prefix=env.get("PARAMETER_PREFIX", ""),
        stage=env.get("STAGE", "local"),
        endpoint_url=env.get("AWS_ENDPOINT_URL") or None,
        channels=_channels(env),
        events_topic=env.get("EVENTS_TOPIC", ""),
        events_verified=_is_verified(env.get("EVENT_SIGNATURES", VERIFIED)),
        wallet=Wallet(
            apple_pass_type=env.get("WALLET_APPLE_PASS_TYPE", ""),
            apple_team=env.get("WALLET_APPLE_TEAM", ""),
            google_issuer=env.get("WALLET_GOOGLE_ISSUER", ""),
            google_logo=env.get("WALLET_GOOGLE_LOGO", ""),
        ),
        ceilings=_ceilings(env),
        site_api_urls=_pairs(env.get("SITE_API_URLS", "")),
        facts_bucket=env.get("FACTS_BUCKET", ""),
        renew_queue_url=env.get("RENEW_QUEUE_URL", ""),
        reports_function=env.get("REPORTS_FUNCTION", ""),
    )


def _ceilings(env: Mapping[str, str]) -> MessageCeilings:
    """Raises ValueError for what is no number. 0, or nothing: no limit."""
    dollars = int(env.get("NETWORK_USD_A_DAY") or 0)
    return MessageCeilings(
        network_messages=int(env.get("NETWORK_MESSAGES_A_DAY") or 0) or None,
        network_usd_cents=dollars * 100 or None,
        deployment_messages=int(env.get("DEPLOYMENT_MESSAGES_A_DAY") or 0) or None,
    )


def _is_verified(value: str) -> bool:
    """Raises ValueError for what is neither: a slip must not let anybody in."""
    if value not in (VERIFIED, UNSIGNED):
        raise ValueError(f"EVENT_SIGNATURES is {VERIFIED} or {UNSIGNED}, not {value!r}")
    return value == VERIFIED


def _channels(env: Mapping[str, str]) -> Channels:
    """Raises ValueError where SMS_CHANNEL names none that is known: messages must not vanish by a slip."""
    sms = env.get("SMS_CHANNEL", "")
    if sms not in ("", SNS, END_USER_MESSAGING):
        raise ValueError(f"SMS_CHANNEL is {SNS}, {END_USER_MESSAGING} or empty, not {sms!r}")
    return Channels(
        sms=sms,
        sms_pool=env.get("SMS_POOL", ""),
        sms_configuration_set=env.get("SMS_CONFIGURATION_SET", ""),
        sms_max_price=env.get("SMS_MAX_PRICE", ""),
        sms_per_second=float(env.get("SMS_PER_SECOND") or 0),
        whatsapp_phone_id=env.get("WHATSAPP_PHONE_ID", ""),
        whatsapp_api_version=env.get("WHATSAPP_API_VERSION") or "v20.0",
        whatsapp_per_second=float(env.get("WHATSAPP_PER_SECOND") or 0),
        email_from=env.get("EMAIL_FROM", ""),
        email_configuration_set=env.get("EMAIL_CONFIGURATION_SET", ""),
        email_per_second=float(env.get("EMAIL_PER_SECOND") or 0),
        push_applications=_pairs(env.get("PUSH_APPLICATIONS", "")),
    )


def _pairs(text: str) -> Mapping[str, str]:
    """`android=arn:…,ios=arn:…`"""
    pairs = (pair.partition("=") for pair in text.split(",") if pair.strip())
    return {name.strip(): value.strip() for name, _, value in pairs}
