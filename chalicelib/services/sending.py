"""What sending needs besides the world."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from chalicelib.services.budgets import Budgets
from chalicelib.services.make_links import Links
from chalicelib.services.ports import Sender, Texts
from chalicelib.services.world import World


@dataclass(frozen=True, slots=True)
class Sending:
    """senders: by channel, those that messages can leave by. count: told of every message's state, for the
    metrics."""

    world: World
    senders: Mapping[str, Sender]
    links: Links
    texts: Texts
    budgets: Budgets
    count: Callable[[str], None] = lambda metric: None
