"""What a message says of the time, on the nights when clocks change and where they never do: always the
salon's."""

from datetime import UTC, datetime

import pytest

from chalicelib.domain.messages.message_facts import MessageFacts
from chalicelib.domain.networks.network import Template
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.texts.wording import message_words


def when(zone: str, now: str, starts_at: str, language: str = "en") -> str:
    """now, starts_at: UTC. What stands for the time in the built-in words and in a network's own."""
    facts = MessageFacts(
        salon_name="Lotos",
        zone=zone,
        now=datetime.fromisoformat(now).replace(tzinfo=UTC),
        starts_at=datetime.fromisoformat(starts_at).replace(tzinfo=UTC),
    )
    template = Template(
        network_id="net_1", kind=TouchKind.CONTROL_REMINDER, channel="push", language=language,
        text="{when}|{on_weekday} {date} {time}", changed_at=facts.now, actor="key:1",
    )  # fmt: skip
    own, _, pieces = message_words("control_reminder", "push", language, facts, template).text.partition("|")
    assert own in message_words("control_reminder", "push", language, facts, None).text
    return f"{own} = {pieces}"


@pytest.mark.parametrize(
    ("now", "starts_at", "expected"),
    [
        # 25 October 2026, the clock goes back an hour, at 00:00 or 01:00 UTC by the edition of the data.
        ("2026-10-24T23:30", "2026-10-24T23:45", "today at 2:45 am = on Sunday 25 Oct 2:45 am"),
        ("2026-10-24T23:30", "2026-10-25T01:45", "today at 3:45 am = on Sunday 25 Oct 3:45 am"),
        ("2026-10-25T00:30", "2026-10-25T08:00", "today at 10:00 am = on Sunday 25 Oct 10:00 am"),
        ("2026-10-24T08:00", "2026-10-25T08:00", "tomorrow, 25 Oct, 10:00 am = on Sunday 25 Oct 10:00 am"),
        ("2026-10-24T20:59", "2026-10-25T21:30", "tomorrow, 25 Oct, 11:30 pm = on Sunday 25 Oct 11:30 pm"),
        ("2026-10-24T21:00", "2026-10-25T21:30", "today at 11:30 pm = on Sunday 25 Oct 11:30 pm"),
        # 28 March 2027, it goes forward an hour: the day has 23.
        ("2027-03-28T00:59", "2027-03-28T01:00", "today at 4:00 am = on Sunday 28 Mar 4:00 am"),
        ("2027-03-27T08:00", "2027-03-28T07:00", "tomorrow, 28 Mar, 10:00 am = on Sunday 28 Mar 10:00 am"),
        ("2027-03-27T22:30", "2027-03-28T20:30", "today at 11:30 pm = on Sunday 28 Mar 11:30 pm"),
        ("2027-03-27T22:30", "2027-03-28T21:30", "tomorrow, 29 Mar, 12:30 am = on Monday 29 Mar 12:30 am"),
    ],
)
def test_chisinau(now, starts_at, expected):
    assert when("Europe/Chisinau", now, starts_at) == expected


@pytest.mark.parametrize(
    ("now", "starts_at", "expected"),
    [
        # 1 November 2026, 2:00 becomes 1:00 (06:00 UTC).
        ("2026-11-01T05:15", "2026-11-01T05:30", "today at 1:30 am = on Sunday 1 Nov 1:30 am"),
        ("2026-11-01T05:15", "2026-11-01T06:30", "today at 1:30 am = on Sunday 1 Nov 1:30 am"),
        ("2026-10-31T14:00", "2026-11-01T15:00", "tomorrow, 1 Nov, 10:00 am = on Sunday 1 Nov 10:00 am"),
        ("2026-11-01T03:59", "2026-11-02T04:30", "tomorrow, 1 Nov, 11:30 pm = on Sunday 1 Nov 11:30 pm"),
        # 14 March 2027, 2:00 becomes 3:00 (07:00 UTC).
        ("2027-03-14T06:59", "2027-03-14T07:00", "today at 3:00 am = on Sunday 14 Mar 3:00 am"),
        ("2027-03-13T15:00", "2027-03-14T14:00", "tomorrow, 14 Mar, 10:00 am = on Sunday 14 Mar 10:00 am"),
    ],
)
def test_new_york(now, starts_at, expected):
    assert when("America/New_York", now, starts_at) == expected


@pytest.mark.parametrize(
    ("now", "starts_at", "expected"),
    [
        (
            "2026-10-24T08:00",
            "2026-10-25T07:00",
            "завтра, 25 октября, 10:00 = в воскресенье 25 октября 10:00",
        ),
        ("2027-03-27T08:00", "2027-03-28T07:00", "завтра, 28 марта, 10:00 = в воскресенье 28 марта 10:00"),
        (
            "2026-10-24T20:59",
            "2026-10-24T21:30",
            "завтра, 25 октября, 00:30 = в воскресенье 25 октября 00:30",
        ),
        ("2026-10-24T21:00", "2026-10-24T21:30", "сегодня в 00:30 = в воскресенье 25 октября 00:30"),
    ],
)
def test_moscow_where_clocks_stay(now, starts_at, expected):
    assert when("Europe/Moscow", now, starts_at, "ru") == expected


def test_a_new_year_in_between():
    assert when("Europe/Chisinau", "2026-12-31T10:00", "2027-01-01T10:00", "ro") == (
        "mâine, 1 ianuarie, 12:00 = vineri 1 ianuarie 2027 12:00"
    )


def test_a_client_elsewhere_reads_the_salons_time_and_the_salons_tomorrow():
    """It is Tuesday in Chisinau and still Monday in New York; the visit is on Tuesday."""
    now, starts_at = "2026-11-24T00:00", "2026-11-24T08:00"
    assert when("Europe/Chisinau", now, starts_at).startswith("today at 10:00 am")
    assert when("America/New_York", now, starts_at).startswith("tomorrow, 24 Nov, 3:00 am")
