"""What a client of the demo takes, of whom, what it comes to, and what they say of it."""

from datetime import datetime
from random import Random

from chalicelib.domain.bookings.bookings import Booking, Line, Review, Status
from chalicelib.domain.loyalty.programme import quote
from chalicelib.domain.networks.network import Service, Staff
from chalicelib.domain.shared.currencies import Amount
from chalicelib.services.loyalty.visit_points import bill_of_booking, programme_of
from chalicelib.services.visits.visit_bill import VisitBill
from infra.demo.year.client_history import ClientHistory
from infra.demo.year.data import price_in
from infra.demo.year.true_effects import NEWCOMERS_GO_TO, NEWCOMERS_PERCENT, percent_who_come_again

DESK = ("walk-in", "phone", "instagram", "site")
PRAISE = {
    "ru": ("Всё понравилось!", "Спасибо, приду ещё.", "Мастер золотые руки", ""),
    "ro": ("Totul a fost super!", "Multumesc, revin.", "Recomand cu drag", ""),
    "en": ("Lovely as always!", "Thank you, see you soon.", "Highly recommended", ""),
}


class Habits:
    """One client's."""

    def __init__(self, history: ClientHistory, rng: Random) -> None:
        self.history, self.rng = history, rng
        directory, salon = history.directory, history.salon
        offered = sorted((s for s in directory.services.values() if not s.unreviewed), key=lambda s: s.name)
        known = (s for s in directory.staff.values() if salon.id in s.salon_ids and not s.unreviewed)
        staff = sorted(known, key=lambda s: s.name)
        self.services: list[Service] = rng.sample(offered, k=rng.randint(1, 3))
        self.staff: list[Staff] = [rng.choice(staff)] * 4 + staff
        self._first_choice = next((each for each in staff if each.name == NEWCOMERS_GO_TO), None)

    def lines(self, *services: Service) -> tuple[Line, ...]:
        rng, salon = self.rng, self.history.salon
        wanted = services or rng.sample(self.services, k=min(len(self.services), 1 + (rng.random() < 0.3)))
        with_whom = self._with_whom().id
        return tuple(
            Line(service.id, service.minutes, with_whom, price_in(salon.currency, service))
            for service in wanted
        )

    def _with_whom(self) -> Staff:
        is_new = self.history.client.visits_count == 0
        if is_new and self._first_choice and self.rng.random() * 100 < NEWCOMERS_PERCENT:
            return self._first_choice
        return self.rng.choice(self.staff)

    def comes_again(self, booking: Booking) -> bool:
        """Whether the client ever does, after a visit that has just been completed; whoever did not come
        tries again."""
        if booking.status is not Status.COMPLETED:
            return True
        staff = self.history.directory.staff[str(booking.lines[0].staff_id)]
        client = self.history.client
        percent = percent_who_come_again(staff.name, client.source, first=client.visits_count == 1)
        return self.rng.random() * 100 < percent

    def bill(self, booking: Booking, at: datetime) -> VisitBill:
        """Every fourth visit is paid in part with points; some take goods along, some leave a tip."""
        rng = self.rng
        goods = booking.total_minor // 4 // 100 * 100 if rng.random() < 0.1 else 0
        paid = booking.total_minor + goods
        tip = paid // 10 // 100 * 100 if rng.random() < 0.3 else 0
        points = 0
        if rng.random() < 0.25:
            directory = self.history.directory
            terms = programme_of(booking, directory)
            value = directory.rules.bonuses.point_value(booking.currency)
            whole = bill_of_booking(booking, directory, paid, goods)
            points = quote(self.history.account.available(at), whole, terms, value).points
        return VisitBill(
            paid=Amount(paid, booking.currency),
            goods=Amount(goods, booking.currency),
            tip=Amount(tip, booking.currency),
            redeem_points=points,
        )

    def review(self, at: datetime) -> Review:
        words = self.rng.choice(PRAISE[self.history.client.language or "en"])
        return Review(self.rng.choices((5, 4, 3, 2), weights=(75, 17, 5, 3))[0], words, at)
