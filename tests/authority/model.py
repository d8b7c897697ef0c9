"""Who holds what of one booking, written down simply: word by word, without a table, a guard or a store."""

from copy import deepcopy
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from tests.authority.sites import MOVED_BY_DESK, Spoken

UPCOMING = ("booked", "confirmed")
OVER = ("completed", "no_show")


def is_early(start: datetime, at: datetime) -> bool:
    return start.date() > at.date() and start - at > timedelta(hours=12)


@dataclass
class Word:
    """What the salon's side said of a fact, and what of the site it was asked about since. by_rule: nobody of
    the salon said it; the site's word came too early."""

    at: datetime
    asked: set[str] = field(default_factory=set)
    by_rule: bool = False


@dataclass
class Held:
    """The booking as it should be. own: the facts that the desk or the client said last."""

    start: datetime
    status: str = "booked"
    paid_minor: int | None = None
    own: dict[str, Word] = field(default_factory=dict)
    site: dict[str, tuple[int, Any]] = field(default_factory=dict)
    questions: int = 0

    # --- the salon

    def desk(self, step: str, at: datetime, paid_minor: int = 0) -> None:
        if step == "move":
            self._moved_to(self.start + MOVED_BY_DESK)
            self.own["start"] = Word(at)
            return
        target = {"confirm": "confirmed", "cancel": "cancelled", "no_show": "no_show",
                  "complete": "completed", "reopen": "booked"}[step]  # fmt: skip
        own = self.own.get("status")
        if self.status == target and (step == "complete" or (own is not None and not own.by_rule)):
            return
        was, self.status = self.status, target
        self.own["status"] = Word(at)
        if step == "complete":
            self.paid_minor, self.own["paid"] = paid_minor, Word(at)
        elif was == "completed":
            self.paid_minor = None
            self.own.pop("paid", None)

    def may(self, step: str) -> bool:
        target = {"confirm": "confirmed", "cancel": "cancelled", "no_show": "no_show",
                  "complete": "completed", "reopen": "booked"}.get(step)  # fmt: skip
        if self.status == target:
            return True
        if step == "confirm":
            return self.status == "booked"
        if step == "reopen":
            return self.status in ("cancelled", "no_show", "completed")
        return self.status in UPCOMING

    # --- the site

    def hears(self, spoken: Spoken) -> None:
        """A visit that the word closes on an earlier day is, instead, told of as one to come."""
        before, trial = self.site.get("status", (0, None))[1], deepcopy(self)
        trial._hears(spoken, None if spoken.unsaid else spoken.status)
        if trial.status not in OVER or trial.status == self.status or not is_early(trial.start, spoken.at):
            vars(self).update(vars(trial))
            return
        self._hears(spoken, None if self.status in UPCOMING else "booked")
        word = f"{spoken.status} too early"
        self.site["status"] = (spoken.number, word)
        if before != word:
            self.own.setdefault("status", Word(spoken.at, by_rule=True))
            self._ask("status", False, word)

    def _hears(self, spoken: Spoken, status: str | None) -> None:
        was = self.status
        new_status, before = self._news("status", spoken.number, status)
        if new_status and status is not None:
            self._status(status, before)
        if not spoken.thin:
            new_start, _ = self._news("start", spoken.number, spoken.start)
            if new_start and spoken.start != self.start:
                self._start(spoken, status, was)
        self._paid(spoken, was)

    def _news(self, fact: str, number: int, word: Any) -> tuple[bool, Any]:
        """Whether that is another word than the site's last one of the fact, and which that was."""
        last_number, last = self.site.get(fact, (0, None))
        if number <= last_number:
            return False, last
        self.site[fact] = (number, word)
        return word != last, last

    def _status(self, word: str, before: str | None) -> None:
        if word == self.status:
            return
        own = self.own.get("status")
        holds, asks = True, False
        if own is None or own.by_rule or self.status == "booked":
            pass
        elif self.status == "confirmed":
            holds = word != "booked"
        elif self.status == "completed":
            holds, asks = False, word not in UPCOMING or before == "completed"
        elif word == "completed":
            asks = True
        elif word in UPCOMING:
            holds = self.status == before == "cancelled"
            asks = self.status == before == "no_show"
        else:
            holds = False
        if asks:
            self._ask("status", holds, f"status {word}")
        if holds:
            self._adopt(word)

    def _adopt(self, word: str) -> None:
        if self.status == "completed":
            self.paid_minor = None
            self.own.pop("paid", None)
        self.status = word
        self.own.pop("status", None)

    def _start(self, spoken: Spoken, status: str | None, was: str) -> None:
        word = f"start {spoken.start}"
        closed_by = self.own.get("status")
        if was == self.status == "completed":
            if closed_by is not None:
                self._ask("status", False, word)
            return
        is_closed_here = self.status in ("cancelled", "no_show") and closed_by is not None
        if is_closed_here and status in UPCOMING and spoken.at >= closed_by.at:
            self._ask("status", True, word)
            self._adopt(status)
            self.start = spoken.start
            self.own.pop("start", None)
            return
        moved_by = self.own.get("start")
        if moved_by is not None:
            later = spoken.at >= moved_by.at
            if later or self.status in UPCOMING or (self.status == "completed" and was in UPCOMING):
                self._ask("start", later, word)
            if not later:
                return
        self._moved_to(spoken.start, stays_confirmed=status == "confirmed")
        self.own.pop("start", None)

    def _moved_to(self, start: datetime, *, stays_confirmed: bool = False) -> None:
        self.start = start
        if self.status == "confirmed" and not stays_confirmed:
            self.status = "booked"
        elif self.status == "confirmed":  # the site says it of the new start
            self.own.pop("status", None)

    def _paid(self, spoken: Spoken, was: str) -> None:
        if spoken.paid_minor is None:
            return
        is_new, _ = self._news("paid", spoken.number, spoken.paid_minor)
        is_last = self.site["paid"] == (spoken.number, spoken.paid_minor) or (
            self.site["paid"][1] == spoken.paid_minor
        )
        if "paid" in self.own:
            if is_new and spoken.paid_minor != self.paid_minor:
                self._ask("paid", False, f"paid {spoken.paid_minor}")
        elif self.status == spoken.status == "completed" and is_last:
            self.paid_minor = spoken.paid_minor

    def _ask(self, fact: str, site_holds: bool, word: str) -> None:
        own = self.own.get(fact)
        if not site_holds and own is not None:
            if word in own.asked or len(own.asked) >= 5:
                return
            own.asked.add(word)
        self.questions += 1
