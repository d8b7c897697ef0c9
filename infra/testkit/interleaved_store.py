"""A store on which somebody else acts in the middle of a use case."""

from collections.abc import Callable
from functools import partial
from typing import Any

from infra.testkit.delegating_store import DelegatingStore


class InterleavedStore(DelegatingStore):
    """Somebody else acts once, at one call of the use case.

    call   the method of the store; when: which of its calls count, by their arguments.
    number which of those calls it is, counted from 1.
    after  the other acts once that call has its answer, instead of before it is made.
    """

    def __init__(
        self,
        store: Any,
        act: Callable[[], object],
        *,
        call: str = "save",
        when: Callable[..., bool] = lambda *args, **given: True,
        number: int = 1,
        after: bool = False,
    ) -> None:
        super().__init__(store)
        self._act, self._call, self._number, self._after = act, call, number, after
        self._when, self._calls = when, 0

    def __getattr__(self, name: str) -> Any:
        method = super().__getattr__(name)
        return partial(self._interleaved, method) if name == self._call else method

    def _interleaved(self, method: Callable[..., Any], *args: Any, **given: Any) -> Any:
        counts = self._when(*args, **given)
        self._calls += counts
        is_now = counts and self._calls == self._number
        if is_now and not self._after:
            self._act()
        answer = method(*args, **given)
        if is_now and self._after:
            self._act()
        return answer
