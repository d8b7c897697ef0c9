"""Check a campaign before it is saved: its texts, dates, pace and segment."""

from collections.abc import Container
from datetime import datetime, timedelta

from msgspec.structs import replace

from chalicelib.domain.marketing.campaigns import Campaign
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.networks.segments import Segment
from chalicelib.domain.shared.errors import refused
from chalicelib.domain.shared.templates import checked, checked_subject
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.services.networks.check_set_up import language_code
from chalicelib.services.shared.contact_details import name_normal

MAX_PER_MINUTE = 10_000
MAX_DAYS = 92
STARTS_WITHIN = timedelta(days=2 * 366)


def checked_campaign(campaign: Campaign, directory: Directory, now: datetime) -> Campaign:
    """The campaign to save. Raises INVALID_NAME, UNKNOWN_LANGUAGE, TEXT_NEEDED, INVALID_DATES, OUT_OF_RANGE,
    INVALID_SEGMENT, and what `templates.checked` raises for a text."""
    _check_dates(campaign, now)
    _check_pace(campaign)
    check_segment(campaign.segment, directory)
    return _with_checked_texts(campaign, directory)


def _check_dates(campaign: Campaign, now: datetime) -> None:
    if not campaign.starts_at < campaign.ends_at <= campaign.starts_at + timedelta(days=MAX_DAYS):
        raise refused(
            "INVALID_DATES", f"A campaign ends after it starts, within {MAX_DAYS} days.", field="ends_at"
        )
    if campaign.ends_at <= now:
        raise refused("INVALID_DATES", "A campaign ends in the future.", field="ends_at")
    if campaign.starts_at > now + STARTS_WITHIN:
        raise refused("INVALID_DATES", "A campaign starts within two years.", field="starts_at")


def _check_pace(campaign: Campaign) -> None:
    if not 1 <= campaign.per_minute <= MAX_PER_MINUTE:
        raise refused(
            "OUT_OF_RANGE",
            f"per_minute lies between 1 and {MAX_PER_MINUTE}.",
            field="per_minute",
            least=1,
            most=MAX_PER_MINUTE,
        )


def check_segment(segment: Segment, directory: Directory, field: str = "segment") -> None:
    """field: the segment's name in the request. Raises INVALID_SEGMENT."""
    _check_known(f"{field}.salon_ids", segment.salon_ids, directory.salons)
    _check_known(f"{field}.service_ids", segment.service_ids, directory.services)
    if segment.birth_month is not None and not 1 <= segment.birth_month <= 12:
        raise _invalid(f"{field}.birth_month", "A month lies between 1 and 12.")
    if segment.visited_from and segment.visited_to and segment.visited_from > segment.visited_to:
        raise _invalid(f"{field}.visited_to", "visited_to is not before visited_from.")


def _check_known(field: str, ids: tuple[str, ...], known: Container[str]) -> None:
    unknown = next((each for each in ids if each not in known), None)
    if unknown is not None:
        raise _invalid(field, f"The network has no {unknown[:60]}.")


def _invalid(field: str, message: str) -> Exception:
    return refused("INVALID_SEGMENT", message, field=field)


def _with_checked_texts(campaign: Campaign, directory: Directory) -> Campaign:
    """The campaign with its texts checked for every channel that the network uses for campaigns."""
    main = directory.network.language
    if main not in campaign.texts:
        raise refused("TEXT_NEEDED", f"Write a text in {main}, the network's language.", language=main)
    channels = [step.channel for step in directory.rules.messages.cascade(TouchKind.CAMPAIGN)]
    texts = {language_code(spoken): text for spoken, text in campaign.texts.items()}
    for channel in channels:
        texts = {spoken: checked(TouchKind.CAMPAIGN, channel, spoken, text) for spoken, text in texts.items()}
    subjects = {
        spoken: checked_subject(TouchKind.CAMPAIGN, "email", language_code(spoken), subject)
        for spoken, subject in campaign.subjects.items()
    }
    subjects_given = {spoken: subject for spoken, subject in subjects.items() if subject is not None}
    return replace(campaign, name=name_normal(campaign.name), texts=texts, subjects=subjects_given)
