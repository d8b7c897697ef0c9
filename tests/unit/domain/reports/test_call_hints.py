"""What the index tells of whom to call: the same client again, and a text that seldom changes."""

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from chalicelib.domain.clients.calls import CallResult, PhoneCall
from chalicelib.domain.clients.category_changes import CategoryCause, CategoryChange
from chalicelib.domain.clients.clients import Client, VisitDay
from chalicelib.domain.reports.call_hints import OverdueHint, overdue_hint, packed_overdue, was_regular
from infra.testkit.builders import a_client, a_consent

EARLY = datetime(2026, 1, 1, tzinfo=UTC)
LAST, SINCE = date(2026, 9, 10), date(2026, 10, 5)
LAPSE = CategoryChange("regular", "at_risk", SINCE, CategoryCause.TIME_PASSED)


def overdue(**fields: object) -> Client:
    given: dict[str, object] = {
        "visits_count": 9,
        "recent_visits": (VisitDay(LAST, "sal_centru"),),
        "category": "at_risk",
        "category_since": SINCE,
        "category_changes": (LAPSE,),
    }
    return a_client(**{**given, **fields})


calls = st.builds(
    PhoneCall,
    st.sampled_from(CallResult),
    st.integers(0, 10**6).map(lambda minutes: EARLY + timedelta(minutes=minutes)),
    st.just("key:key_owner"),
)
amounts = st.dictionaries(st.sampled_from(("MDL", "USD", "EUR")), st.integers(-(10**6), 10**12))


@given(amounts, st.none() | calls)
def test_a_hint_tells_what_the_client_says(spent: dict[str, int], call: PhoneCall | None) -> None:
    text = packed_overdue(overdue(spent_minor=spent, last_call=call))
    assert text is not None
    assert overdue_hint("cli_1", str(SINCE), text) == OverdueHint(
        client_id="cli_1",
        since=SINCE,
        salon_id="sal_centru",
        last_visit_on=LAST,
        was="regular",
        spent_minor=spent,
        called=call.result if call else None,
        called_at=call.at if call else None,
    )


def test_who_is_not_overdue_or_cannot_be_called_has_none() -> None:
    assert packed_overdue(overdue()) is not None
    refused = a_consent(granted=False)
    for other in (
        overdue(category="regular"), overdue(phone=None), overdue(consents=(refused,)), a_client(),
    ):  # fmt: skip
        assert packed_overdue(other) is None


def test_saves_that_change_nothing_of_a_lapse_keep_the_text() -> None:
    client = overdue()
    for other in (
        replace(client, note="likes tea", version=9),
        replace(client, invitations=3),
        replace(client, consents=(a_consent(),)),
        replace(client, booked_on=LAST + timedelta(days=90)),
    ):
        assert packed_overdue(other) == packed_overdue(client)


def test_was_regular_is_told_by_the_first_change_since_the_last_visit() -> None:
    month_over = CategoryChange("regular", "developing", date(2026, 10, 1), CategoryCause.TIME_PASSED)
    later = replace(LAPSE, before="developing")
    assert was_regular(overdue(category_changes=(month_over, later)))
    assert not was_regular(overdue(category_changes=(replace(month_over, on=LAST), later)))
    assert not was_regular(overdue(category_changes=()))
