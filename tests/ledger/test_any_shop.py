"""The machine on the store in memory."""

from infra.testkit.memory_store import MemoryStore
from tests.ledger.machine import AnyShop
from tests.profile import stateful


class InMemory(AnyShop):
    open_store = MemoryStore
    calls_of = staticmethod(lambda store: store.calls)


InMemory.TestCase.settings = stateful(few=250, steps=50, many=1500)
TestInMemory = InMemory.TestCase
