"""Thousands of steps on the ledger alone: see pure_machine.py."""

from tests.ledger.pure_machine import AnyLedger
from tests.profile import stateful

AnyLedger.TestCase.settings = stateful(few=150, steps=30, many=3000, many_steps=60)
TestAnyLedger = AnyLedger.TestCase
