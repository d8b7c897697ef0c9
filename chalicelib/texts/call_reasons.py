"""What the reasons to call a client are called, in the languages of the salons."""

from chalicelib.domain.reports.call_list import CallReason
from chalicelib.texts.languages import catalogue


def call_reason_name(reason: CallReason, language: str) -> str:
    """The reason's name. language: one of LANGUAGES."""
    texts = catalogue(language)
    names = {
        CallReason.LOW_RATING: texts.gettext("A low rating that nobody has answered"),
        CallReason.REPLY_UNANSWERED: texts.gettext("A reply that nobody has answered"),
        CallReason.REGULAR_AT_RISK: texts.gettext("A regular client who is overdue"),
        CallReason.HIGH_VALUE_LOST: texts.gettext("A client of high value who was lost lately"),
        CallReason.BALANCE_EXPIRING: texts.gettext("A big balance of points that expires soon"),
    }
    return names[reason]
