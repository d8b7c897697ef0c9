"""What the reasons for leaving are called, in the languages of the salons."""

from chalicelib.domain.clients.leaving import LeavingReason
from chalicelib.texts.languages import catalogue


def leaving_reason_name(reason: LeavingReason, language: str) -> str:
    """The reason's name. language: one of LANGUAGES."""
    texts = catalogue(language)
    names = {
        LeavingReason.PRICE: texts.gettext("The price"),
        LeavingReason.MOVED: texts.gettext("Moved away"),
        LeavingReason.SPECIALIST_LEFT: texts.gettext("Their specialist left"),
        LeavingReason.RESULT: texts.gettext("The result of the work"),
        LeavingReason.SERVICE: texts.gettext("How they were treated"),
        LeavingReason.WAITING: texts.gettext("Waiting, or no suitable time"),
        LeavingReason.OTHER_SALON: texts.gettext("Went to another salon"),
        LeavingReason.HEALTH: texts.gettext("Health"),
        LeavingReason.NO_NEED: texts.gettext("No need any more"),
        LeavingReason.OTHER: texts.gettext("Another reason"),
    }
    return names[reason]
