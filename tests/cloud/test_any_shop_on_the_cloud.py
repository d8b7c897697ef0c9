"""The machine of tests/ledger on the local cloud's table, a few times."""

from typing import Any

from hypothesis.stateful import run_state_machine_as_test

from chalicelib.store.table import Table
from infra.testkit.failing_calls import calls
from tests.ledger.machine import AnyShop
from tests.profile import stateful


def test_whatever_happens_the_ledger_is_right_on_the_cloud(store: Table) -> None:
    def emptied() -> Any:
        store.item.delete_table()
        store.item.create_table(billing_mode="PAY_PER_REQUEST", wait=True)
        return store

    class OnTheCloud(AnyShop):
        open_store = staticmethod(emptied)
        calls_of = staticmethod(lambda store: calls)

    run_state_machine_as_test(OnTheCloud, settings=stateful(few=3, steps=25, many=20))
