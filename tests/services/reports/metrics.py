"""A network's chosen metrics in tests: an engine without visits, and the function that measures."""

from typing import Any

from msgspec import Struct, field

from chalicelib.domain.reports.chosen_metrics import Baseline, ChosenMetric
from chalicelib.domain.reports.questions import Definition, ListedClients, Question, Report, final_on, form_of
from chalicelib.domain.reports.settle_question import settled
from chalicelib.domain.shared.months import month_name
from chalicelib.services.reports.ask_report import first_today
from chalicelib.services.reports.choose_metrics import WantedMetric, choose_metrics
from chalicelib.services.reports.measure_metric import measure_metric
from infra.testkit.builders import NETWORK, access
from infra.testkit.salon_driver import SalonDriver

RETURN = Question(report="retention", definition="window", days=(30,))


class ScriptedReports(Struct):
    """Of each month so many of a hundred clients returned as `returned` says, by default fifty. asked: the
    months, in their order. error: raised once a report of this month is asked for."""

    driver: SalonDriver
    returned: dict[str, int] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    errors: dict[str, Exception] = field(default_factory=dict)

    def report(self, network_id: str, question: Question) -> Report | ListedClients:
        now = self.driver.world.now()
        question = settled(question, first_today(self.driver.world, self.driver.store.directory(network_id)))
        assert question.first is not None
        month = month_name(question.first)
        self.asked.append(month)
        if month in self.errors:
            raise self.errors[month]
        returned, form = self.returned.get(month, 50), form_of(question)
        total = {"clients": 100, "returned": returned, "rate": returned / 100, "maturing": 0}
        definition = Definition(form.id, form.version, form.says, {})
        return Report(
            report=question.report, definition=definition, zone="Europe/Chisinau", as_of=now,
            final_on=final_on(question), rows=(), total=total,
        )  # fmt: skip


def wanted(name: str = "Return", question: Question = RETURN, **fields: Any) -> WantedMetric:
    return WantedMetric(name, question, fields.pop("figure", None), fields.pop("baseline", Baseline()))


def choose(driver: SalonDriver, *metrics: WantedMetric) -> list[ChosenMetric]:
    return choose_metrics(driver.world, access(), metrics)


def metric_of(driver: SalonDriver, metric_id: str) -> ChosenMetric:
    found: ChosenMetric = driver.store.get(ChosenMetric, network_id=NETWORK, id=metric_id)
    return found


def measure_due(driver: SalonDriver, engine: ScriptedReports) -> None:
    """Wakes the metrics that are due, and measures each as the renewals function does, until none is due."""
    for _ in range(20):
        due = [
            each
            for each in driver.store.get_all(ChosenMetric, network_id=NETWORK)
            if each.wake is not None and each.wake.at <= driver.world.now()
        ]
        if not due:
            return
        for each in due:
            driver.wake(each)
            measure_metric(driver.world, engine, NETWORK, each.id)
    raise AssertionError("these metrics never come to rest")
