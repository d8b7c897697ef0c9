"""A sender that does not reuse a connection after a long idle time."""

from collections.abc import Callable

from chalicelib.domain.messages.messages import Outcome, Outgoing
from chalicelib.services.shared.ports import Sender

IDLE_SECONDS = 20
"""Providers close an idle connection after a minute, Lambda's network after some minutes."""


class FreshConnections:
    """Closes connections that were idle for IDLE_SECONDS before sending.

    A function sleeps between its invocations, and may miss that the provider closed the connection. The next
    message would be written to a dead connection and become `unknown`, since it may not be repeated.

    clock: seconds that pass while the function sleeps, too.
    """

    def __init__(self, sender: Sender, close: Callable[[], None], clock: Callable[[], float]) -> None:
        self.channel = sender.channel
        self._sender, self._close, self._clock = sender, close, clock
        self._used = clock()

    def send(self, outgoing: Outgoing) -> Outcome:
        if self._clock() - self._used >= IDLE_SECONDS:
            self._close()
        try:
            return self._sender.send(outgoing)
        finally:
            self._used = self._clock()
