"""What comes back: carriers tell of deliveries, clients tap, confirm, refuse, and want no more messages."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from chalicelib.domain.messages.messages import Message
from chalicelib.domain.shared.masks import masked_phone
from chalicelib.domain.shared.touches import TouchKind
from chalicelib.store.table import Table
from infra.demo.day import taps
from infra.demo.day.carriers import Carriers
from infra.demo.day.desk import OPTS_OUT, Desk
from infra.demo.day.story import FIRST_FREE
from infra.demo.http import Http, Refused
from infra.demo.year.data import phone
from infra.layers import Progress

YES, NO, STOP = "+", "Nu pot veni, ma sunati?", "DEZABONARE"
PATIENCE_SECONDS = 60


@dataclass(frozen=True)
class Answers:
    """log: of what was sent until now. All of it may be answered again: nothing changes."""

    http: Http
    desk: Desk
    table: Table
    carriers: Carriers
    log: Sequence[Message]
    progress: Progress

    def all(self) -> None:
        asked = self._sms(TouchKind.CONFIRM_REQUEST)
        refused = self._first_with_email(asked)
        yes, no, *tapping = (each for each in asked if each is not refused)
        unreachable = self._sms(TouchKind.REVIEW_REQUEST)[0]
        self._clients_write(yes, no)
        self._one_opts_out()
        self._carriers_tell(refused, unreachable)
        self._clients_tap(tapping[:3])

    def _sms(self, kind: TouchKind) -> list[Message]:
        """Those that were sent on their own, in their order."""
        return [
            each
            for each in self.log
            if each.kind is kind and each.channel == "sms" and each.provider_id and not each.with_message
        ]

    def _first_with_email(self, messages: Sequence[Message]) -> Message:
        network_id, ids = messages[0].network_id, [each.client_id for each in messages]
        emails = {client.id: client.email for client in self.table.clients_named(network_id, ids)}
        return next(each for each in messages if emails.get(each.client_id))

    def _carriers_tell(self, refused: Message, unreachable: Message) -> None:
        reported = [
            each
            for each in self.log
            if each.provider_id and each.channel in ("sms", "email") and not each.with_message
            and each not in (refused, unreachable)
        ]  # fmt: skip
        self.carriers.tell(reported)
        self.carriers.tell([refused], "CARRIER_BLOCKED")
        self.carriers.tell([unreachable], "UNREACHABLE")
        count = len(reported)
        self.progress(f"carriers: {count} messages delivered, one SMS blocked, one phone out of reach")

    def _clients_write(self, yes: Message, no: Message) -> None:
        for message, text in ((yes, YES), (no, NO)):
            self.carriers.write(str(message.to), text, message.provider_id)
            self.progress(f'{masked_phone(message.to)} answers the request to confirm: "{text}"')

    def _one_opts_out(self) -> None:
        """Then their appointment is moved, of which nobody may tell them."""
        _, zone, number, *_ = OPTS_OUT
        sender = phone(zone, FIRST_FREE[zone] + number)
        booking = self.desk.appointment_of_who_opts_out()
        self.carriers.write(sender, STOP)
        self.progress(f'{masked_phone(sender)} writes "{STOP}"')
        self._wait_for_refusal(booking)
        self.desk.moved_a_day(booking)
        self.progress("they want no more messages; reception moves their appointment by a day")

    def _wait_for_refusal(self, booking: Mapping[str, Any]) -> None:
        deadline = time.monotonic() + PATIENCE_SECONDS
        path = f"/v1/clients/{booking['client_id']}/consents"
        while not any(not each["granted"] for each in self.desk.reception.get(path)["consents"]):
            if time.monotonic() > deadline:
                raise Refused(0, f"not heard within {PATIENCE_SECONDS} s", f"the {STOP} of a client")
            time.sleep(0.5)

    def _clients_tap(self, tapping: Sequence[Message]) -> None:
        asked = taps.links_in([each.text for each in tapping], "b")
        thanked = taps.links_in([each.text for each in self.log], "r")[1:3]
        confirmed = sum(taps.confirm(self.http, link) for link in asked)
        rated = sum(taps.rate(self.http, link, 5, "Спасибо!") for link in thanked)
        self.progress(f"{confirmed} clients confirmed with a tap, {rated} rated their visit")
