"""What a crash story is made of: what comes before is laid out once, and again for each call that fails."""

import contextlib
from collections import Counter
from collections.abc import Callable
from copy import deepcopy
from datetime import timedelta
from typing import Any

from chalicelib.channels.sns_sms import SnsSms
from chalicelib.queues import SqsIntakeQueue, SqsWakeQueue
from chalicelib.services.shared.ports import SaveConflict
from chalicelib.wiring import CachedDirectories
from infra.testkit.builders import NOW, a_town
from infra.testkit.doubles import SettableClock
from infra.testkit.failing_calls import Calls, Failure, WorkerDied, calls
from infra.testkit.salon_driver import SalonDriver
from infra.testkit.site_events import ScriptedSite
from infra.testkit.world import a_world

IN_TWO_DAYS = NOW + timedelta(days=2, hours=2)
MARIA_ID = "cli_maria00000000001"
GONE = (WorkerDied, Exception)


def new_driver(aws: dict[str, Any], clock: SettableClock, site: ScriptedSite) -> SalonDriver:
    """A driver on the table as it is, in a process that has just begun."""
    table = aws["table"]
    wake_queue = SqsWakeQueue(lambda: aws["sqs"], aws["urls"][0], table.locate)
    directories = CachedDirectories(table.directory, clock)
    world = a_world(table, clock, directories=directories, wake_queue=wake_queue)
    intake_queue = SqsIntakeQueue(lambda: aws["sqs"], aws["urls"][1])
    return SalonDriver(world, SnsSms(lambda: aws["sns"]), intake_queue, site)


class Arranged:
    """What comes before a job, made once and laid out again for each failure."""

    def __init__(self, aws: dict[str, Any], before: Callable[[SalonDriver], Any]) -> None:
        self._aws, self._table = aws, aws["table"]
        self._empty()
        sms_log().clear()
        driver = new_driver(aws, SettableClock(), ScriptedSite())
        a_town(self._table)
        self.subject = before(driver)
        self._now, self._site = driver.world.now(), driver.site
        self._kept = deepcopy(tables()[self._table.item.Meta.table_name])
        self._sms = dict(sms_log())

    def driver(self) -> SalonDriver:
        tables()[self._table.item.Meta.table_name] = deepcopy(self._kept)
        sms_log().clear()
        sms_log().update(self._sms)
        return new_driver(self._aws, SettableClock(self._now), self._site)

    def _empty(self) -> None:
        if self._table.item.exists():
            self._table.item.delete_table()
        self._table.item.create_table(billing_mode="PAY_PER_REQUEST")


def tables() -> dict[str, Any]:
    """moto's tables by name: putting one back is faster than making it anew."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.dynamodb.models import dynamodb_backends

    found: dict[str, Any] = dynamodb_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].tables
    return found


def sms_log() -> dict[str, Any]:
    """What moto's SNS took: id -> (number, text, ...)."""
    from moto.core import DEFAULT_ACCOUNT_ID
    from moto.sns.models import sns_backends

    log: dict[str, Any] = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
    return log


def sent_by_sms() -> Counter[str]:
    """How often each kind of message went out."""
    return Counter(message[1].split()[0] for message in sms_log().values())


Story = tuple[
    Callable[[SalonDriver], Any],
    Callable[[SalonDriver, Any], None],
    Callable[[SalonDriver, Any], None],
    Callable[[SalonDriver, Any], None],
]
"""What comes before; the job; what runs it again in real life; what must hold in the end."""


def fail_each_call(aws: dict[str, Any], story: Story, failure: Failure) -> int:
    """Runs the story's job once for each of its AWS calls, of which that one fails. Answers how many there
    were."""
    before, job, again, holds = story
    arranged = Arranged(aws, before)
    driver, subject = arranged.driver(), arranged.subject
    with calls(Calls()) as dry_run:
        job(driver, subject)
    assert len(dry_run.made) > 0
    for number, operation in enumerate(dry_run.made):
        driver = arranged.driver()
        with calls(Calls(number, failure)) as failing, contextlib.suppress(*GONE):
            job(driver, subject)
        assert failing.made[number] == operation
        driver = new_driver(aws, SettableClock(driver.world.now()), driver.site)
        try:
            again(driver, subject)
        except SaveConflict:  # a queue delivers it once more
            again(driver, subject)
        try:
            holds(driver, subject)
        except AssertionError as error:
            raise AssertionError(f"call {number} of {dry_run.made} failed: {failure}") from error
    return len(dry_run.made)
