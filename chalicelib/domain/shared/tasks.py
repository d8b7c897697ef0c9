"""Tasks: what people of the salon have to see to themselves."""

from collections.abc import Mapping
from datetime import datetime
from enum import StrEnum

from msgspec import Struct
from msgspec.structs import replace


class TaskKind(StrEnum):
    UNCONFIRMED = "unconfirmed"
    """A booking that was not confirmed at the cut-off."""
    CALL_CLIENT = "call_client"
    """A client answered that they will not come, or something that only a person understands."""
    BUDGET_NEARLY_SPENT = "budget_nearly_spent"
    BUDGET_SPENT = "budget_spent"
    MESSAGES_HELD_BACK = "messages_held_back"
    """A bound holds messages back; of each bound once a day."""
    NUMBERS_REFUSED = "numbers_refused"
    """A client's number gets no messages, by its type or its country; of each reason once a day."""
    LEDGER_DIFFERS = "ledger_differs"
    """A client's account that differs from the sum of its entries."""
    SITE_CARD = "site_card"
    """A site that signs nothing reports another phone or e-mail of a client who did not come from it."""
    SITE_PHONE = "site_phone"
    """A site names a client by nothing at which messages reach them, such as a wrong phone."""
    MOVE_WISH = "move_wish"
    """A client asks for another time by their page."""
    CANCELLED_BY_CLIENT = "cancelled_by_client"
    LOW_RATING = "low_rating"
    """A client gives three stars or fewer."""
    SITE_HELD_BACK = "site_held_back"
    """A webhook that waits for a person: it would add too much at once, or a visit comes to too much."""
    SITE_UNCLEAR = "site_unclear"
    """A webhook that leaves open which bookings it means, or when one begins."""
    SITE_CLIENT_UNKNOWN = "site_client_unknown"
    """A booking whose client the site names by nothing but an id that is not known here."""
    SITE_CONNECTED_TWICE = "site_connected_twice"
    """Two connections bring the same bookings of one booking site."""
    SITE_DISAGREES = "site_disagrees"
    """The booking site says something else of a booking than the desk or the client said here."""
    CANCEL_ON_SITE = "cancel_on_site"
    """A client cancelled here, and the booking site does not know of it."""
    CONFIRM_ON_SITE = "confirm_on_site"
    """A client confirmed here, and the booking site does not know of it."""
    SITE_TOKEN_REFUSED = "site_token_refused"  # noqa: S105 - a kind of task, no secret
    """A booking site's API does not take the token that the network gave."""
    SITE_NOT_ASKED = "site_not_asked"
    """A booking site's API has not told for hours what has changed there."""


TASK_WORDS: Mapping[TaskKind, str] = {
    TaskKind.UNCONFIRMED: "The client was asked to confirm and has not. Call them, or give the time away.",
    TaskKind.CALL_CLIENT: (
        "The client answered a message with what only a person can settle. Call them. If the client wants no "
        "more messages, withdraw the client's consents."
    ),
    TaskKind.BUDGET_NEARLY_SPENT: "Four fifths of the month's budget for messages are spent.",
    TaskKind.BUDGET_SPENT: (
        "The month's budget for messages is spent: until it is raised, or the month is over, clients get "
        "only notices, requests to confirm and reminders. With a budget of 0 they get nothing that costs."
    ),
    TaskKind.MESSAGES_HELD_BACK: (
        "Messages wait, because a bound is reached: `words` names it. See whether somebody books to make you "
        "pay. If all is well, raise the bound in the rules. They go out then, or the next day."
    ),
    TaskKind.NUMBERS_REFUSED: (
        "A client gets no SMS, because of their number's country or type: `words` says which. Allow the "
        "country in the rules: what is still of use goes out then. Or call the client."
    ),
    TaskKind.LEDGER_DIFFERS: (
        "The client's points are not what the ledger's entries sum to. Tell whoever runs the system, and "
        "redeem nothing by hand meanwhile."
    ),
    TaskKind.SITE_CARD: (
        "The booking site reports another phone or e-mail for this client. The site does not sign what it "
        "sends, so nothing was changed. Ask the client, and change the client by hand if the site is right."
    ),
    TaskKind.SITE_PHONE: (
        "The booking site has no phone at which this client can be reached: `words` has what it has. Ask the "
        "client, and put it right on the site or here. Until then the client gets no messages."
    ),
    TaskKind.MOVE_WISH: (
        "The client asks for another time: `detail` has their words, if any. Call them and move the booking."
    ),
    TaskKind.CANCELLED_BY_CLIENT: (
        "The client cancelled by the link in a message. Give the time away, and offer them another."
    ),
    TaskKind.LOW_RATING: (
        "The client gave the visit a low rating: `detail` has the stars and their words. Call them, and make "
        "up for it."
    ),
    TaskKind.SITE_HELD_BACK: (
        "A webhook of a booking site is held back: see /v1/inbox?state=quarantined. If it is right, replay "
        "it there, which lets it through. If it is not, rotate the connection: its address is in wrong hands."
    ),
    TaskKind.SITE_UNCLEAR: (
        "A webhook of a booking site leaves something open: `words` says what. Look at the bookings on the "
        "site, and change them here by hand. A replay of the inbox item ends its quarantine."
    ),
    TaskKind.SITE_CLIENT_UNKNOWN: (
        "The booking site names this booking's client by nothing but an id: the client gets no message and "
        "no points. Save the client on the site again, which tells us who it is, or call the client."
    ),
    TaskKind.SITE_CONNECTED_TWICE: (
        "Two connections bring the same bookings of one booking site: `words` names them. What the second "
        "one brings is not applied, so that nothing counts twice. Delete the one that is too many, then "
        "replay its webhooks at /v1/inbox?state=quarantined."
    ),
    TaskKind.SITE_DISAGREES: (
        "The booking site says something else of this booking than the salon: `words` has both. The booking "
        "shows which of them holds. Put the other one right, here or on the site."
    ),
    TaskKind.CANCEL_ON_SITE: (
        "The client cancelled by the link in a message, and the booking site does not know of it. Cancel the "
        "booking on the site, too: `detail` says which one."
    ),
    TaskKind.CONFIRM_ON_SITE: (
        "The client confirmed the visit, and the booking site does not know of it. Confirm the booking on "
        "the site, too: `detail` says which one."
    ),
    TaskKind.SITE_TOKEN_REFUSED: (
        "The booking site's API refuses the token of a connection: `detail` says which one. Make a new token "
        "on the site and give it with PUT /v1/connections/{connection_id}/api-token."
    ),
    TaskKind.SITE_NOT_ASKED: (
        "The booking site's API does not tell what has changed: `words` says why, and since when. It is "
        "asked again and again. Until it answers, a lost webhook stays lost: compare the bookings by hand."
    ),
}
"""What each asks for, in plain language."""


class Task(Struct, frozen=True, kw_only=True):
    """id: follows from what it is about, so that it is made once; begins with the instant, so that tasks are
    in order of time. salon_id None: for the whole network. words: what the client wrote; of a
    budget, its month; of messages held back, the reason; of an account, how it differs; of a site, what it
    reports, what it says against the salon's word, or why it is held back; of a rating, its stars; of what is
    to be done on a site, the booking.
    site: the booking site on which something is to be done, by the name of its adapter.
    replies: how many replies of the client it collects, a line of `words` for each. due_at: by when somebody
    should have seen to it; None: no deadline."""

    network_id: str
    id: str
    kind: TaskKind
    at: datetime
    salon_id: str | None = None
    booking_id: str | None = None
    client_id: str | None = None
    words: str | None = None
    done_at: datetime | None = None
    actor: str | None = None
    replies: int = 0
    due_at: datetime | None = None
    site: str | None = None
    version: int = 0


MOST_REPLIES = 50
"""How many replies of a day a task keeps the words of. A last line of three dots tells of more."""


def with_reply(task: Task, words: str) -> Task:
    """The task, open again, with one more reply of the client. The same task once it is full."""
    if task.replies > MOST_REPLIES:
        return task
    line = words if task.replies < MOST_REPLIES else "\N{HORIZONTAL ELLIPSIS}"
    return replace(task, words=f"{task.words}\n{line}", replies=task.replies + 1, done_at=None, actor=None)


def is_overdue(task: Task, now: datetime) -> bool:
    """Whether the task is open beyond its deadline."""
    return task.done_at is None and task.due_at is not None and task.due_at < now
