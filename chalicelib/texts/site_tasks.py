"""What the desk is asked to do on a booking site, in the salon's language."""

from chalicelib.domain.shared.tasks import TASK_WORDS, Task, TaskKind
from chalicelib.texts.languages import Catalogue, catalogue

SITE_NAMES = {"yclients": "YCLIENTS", "altegio": "Altegio", "square": "Square", "calcom": "Cal.com"}
"""What people call the booking sites."""


def site_name(site: str | None, texts: Catalogue) -> str:
    """The name of a site by the name of its adapter; of a bridge, what it is."""
    return SITE_NAMES.get(site or "") or texts.gettext("the booking site")


def task_words(task: Task, language: str) -> str:
    """What the task asks for. language: one of LANGUAGES; the tasks that name a booking site are in it, and
    all others in English."""
    texts = catalogue(language)
    name = site_name(task.site, texts)
    if task.kind is TaskKind.CANCEL_ON_SITE:
        words = texts.gettext("The client cancelled. Cancel the booking there, too: {site}.")
    elif task.kind is TaskKind.CONFIRM_ON_SITE:
        words = texts.gettext("The client confirmed. Mark the booking as confirmed there, too: {site}.")
    else:
        return TASK_WORDS[task.kind]
    return words.format(site=name)


def reason_to_cancel(language: str) -> str:
    """Why a client's booking is cancelled on a site, which may mail it to the client. language: one of
    LANGUAGES."""
    return catalogue(language).gettext("Cancelled at the client's own wish.")
