"""A sender that keeps a rate limit."""

from collections.abc import Callable

from chalicelib.domain.messages.messages import Outcome, Outgoing
from chalicelib.services.shared.ports import Sender

MAX_GAP = 4
"""Seconds. A claimed message waits within the time that its worker has in reserve."""


def weight_of(channel: str) -> Callable[[Outgoing], int]:
    """What a message counts for at its channel's limit: SMS their parts."""
    from chalicelib.domain.shared.sms import parts

    return (lambda outgoing: parts(outgoing.worded.text)) if channel == "sms" else (lambda outgoing: 1)


class Paced:
    """Sends at most `per_second` messages a second from each identity, by waiting; never refuses.

    weight  how many a message counts for: carriers limit the parts of SMS.
    clock   seconds, from anywhere. sleep: waits that many.

    An identity's messages are spaced evenly, so that no second gets more than its share. All workers together
    keep a provider's limit when each has its part of it. Where that part is less than one message in MAX_GAP
    seconds, the rate is higher than the part, and the provider throttles: such a sender needs fewer shards.
    """

    def __init__(
        self,
        sender: Sender,
        per_second: float,
        clock: Callable[[], float],
        sleep: Callable[[float], None],
        weight: Callable[[Outgoing], int] = lambda outgoing: 1,
    ) -> None:
        self.channel = sender.channel
        self._sender, self._per_second, self._weight = sender, per_second, weight
        self._clock, self._sleep = clock, sleep
        self._next: dict[str | None, float] = {}

    def send(self, outgoing: Outgoing) -> Outcome:
        now = self._clock()
        begins = max(now, self._next.get(outgoing.identity, now))
        self._next[outgoing.identity] = begins + min(self._weight(outgoing) / self._per_second, MAX_GAP)
        if begins > now:
            self._sleep(begins - now)
        return self._sender.send(outgoing)
