"""The definitions of the figures: their names, versions and words. docs/metrics.md tells each with an
example."""

from collections.abc import Mapping
from types import MappingProxyType

RETENTION, COHORTS, REPURCHASE, SPEND, UPSELL = "retention", "cohorts", "repurchase", "spend", "upsell"
STAFF = "staff"
REPORTS = (RETENTION, COHORTS, REPURCHASE, SPEND, UPSELL, STAFF)
OF_RETURNS = (RETENTION, STAFF)
"""The reports that ask by a definition of retention."""

PERIOD, TRAILING, WINDOW = "period", "trailing", "window"
SINCE_VISIT, FIRST_TIME = "since_visit", "first_time"
DEFINITIONS = (PERIOD, TRAILING, WINDOW, SINCE_VISIT, FIRST_TIME)
"""The definitions of retention."""

SAYS: Mapping[str, str] = MappingProxyType(
    {
        PERIOD: "Of the clients with a visit in the first period: those with a visit in the second period.",
        TRAILING: "Of the clients with a visit in the days before the current period: those with a visit in"
        " the current period.",
        WINDOW: "Of the clients with a visit in the period: those with another visit in the days after it.",
        SINCE_VISIT: "Of the clients with a visit in the period: those with another visit, on a later date,"
        " within the days after their first visit of the period.",
        FIRST_TIME: "Of the clients whose first visit ever is in the period: those with another visit, on a"
        " later date, within the days after the first.",
        COHORTS: "Of the clients whose first visit ever is in a month: those with a visit in that month,"
        " which is month 0, and in each month after it.",
        REPURCHASE: "Of the clients with a visit in the period: those with two or more visits in the period.",
        SPEND: "What was paid for the visits of the period, refunds taken off: a visit, and a client.",
        STAFF: "Retention of each specialist, and as it would be had the specialist and the colleagues served"
        " the same services and the same share of new clients.",
        UPSELL: "Clients with services of one category in the period, and clients with services of several.",
    }
)
"""Definition -> its words."""

VERSIONS: Mapping[str, int] = MappingProxyType(dict.fromkeys(SAYS, 1))
"""Definition -> its version, which grows whenever the same visits would make another figure."""
