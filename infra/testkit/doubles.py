"""What stands in for time, randomness, queues and providers. It is settable, seeded, or records what it
gets."""

import random
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from chalicelib.domain.facts.fact_pages import FactPage, renewed
from chalicelib.domain.intake.inbox import InboxItem
from chalicelib.domain.messages.messages import MessageState, Outcome, Outgoing
from chalicelib.domain.networks.network import Directory
from chalicelib.domain.shared.ids import ALPHABET
from chalicelib.services.shared.ports import DeviceRefused, PlatformMissing
from infra.testkit.builders import NOW


@dataclass
class SettableClock:
    """Stands still until it is moved."""

    now: datetime = NOW

    def __call__(self) -> datetime:
        return self.now

    def forward(self, **parts: float) -> datetime:
        """`clock.forward(hours=2)`."""
        self.now += timedelta(**parts)
        return self.now


class SeededRandomness:
    """The same unguessable characters in every run."""

    def __init__(self, seed: int = 1) -> None:
        self._random = random.Random(seed)

    def __call__(self, characters: int) -> str:
        return "".join(self._random.choices(ALPHABET, k=characters))


class FreshDirectories:
    """Networks' set-up, read anew each time."""

    def __init__(self, read: Callable[[str], Directory | None]) -> None:
        self._read = read
        self.forgotten: list[str] = []

    def __call__(self, network_id: str) -> Directory | None:
        return self._read(network_id)

    def forget(self, network_id: str) -> None:
        self.forgotten.append(network_id)


def no_pause(seconds: float) -> None:
    """Nobody else is at work: there is nobody to give way to."""


@dataclass
class RecordingWakeQueue:
    items: list[Any] = field(default_factory=list)
    shards: list[str] = field(default_factory=list)

    def wake_item(self, value: Any) -> None:
        self.items.append(value)

    def wake_shard(self, shard: str, at: datetime) -> None:
        self.shards.append(shard)


@dataclass
class FolderObjects:
    """Objects of facts as files of a folder, their keys being paths."""

    folder: Path

    def get(self, key: str) -> bytes | None:
        file = self.folder / key
        return file.read_bytes() if file.exists() else None

    def put(self, key: str, content: bytes) -> None:
        file = self.folder / key
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_bytes(content)

    def remove(self, key: str) -> None:
        (self.folder / key).unlink(missing_ok=True)

    def keys(self, prefix: str) -> list[str]:
        files = (file for file in self.folder.rglob("*") if file.is_file())
        keys = sorted(str(file.relative_to(self.folder)) for file in files)
        return [key for key in keys if key.startswith(prefix)]


@dataclass
class RecordingRenewals:
    """damaged: the ids of pages that are to be made again as a whole."""

    metrics: list[str] = field(default_factory=list)
    pages: list[FactPage] = field(default_factory=list)
    damaged: list[str] = field(default_factory=list)

    def renew(self, page: FactPage, *, whole: bool = False) -> None:
        self.pages.append(page)
        if whole:
            self.damaged.append(page.id)

    def measure(self, network_id: str, metric_id: str, version: int) -> None:
        self.metrics.append(metric_id)


@dataclass
class InstantRenewals:
    """Takes the marks off pages of facts, as if these had been renewed. There are no objects of facts."""

    store: Any

    def renew(self, page: FactPage, *, whole: bool = False) -> None:
        self.store.save(renewed(page, f"{page.id}.{page.version}", 0, page.renew_at or NOW))

    def measure(self, network_id: str, metric_id: str, version: int) -> None:
        """Nothing is measured: there is nobody to ask."""


@dataclass
class RecordingIntake:
    items: list[InboxItem] = field(default_factory=list)

    def ingest(self, item: InboxItem) -> None:
        self.items.append(item)


@dataclass
class RecordingRegistry:
    """Gives every token an endpoint; has no app for iPhones, and refuses tokens that begin with `bad`."""

    registered: list[tuple[str, str]] = field(default_factory=list)

    def register(self, platform: str, token: str) -> str:
        if platform == "ios":
            raise PlatformMissing(platform)
        if token.startswith("bad"):
            raise DeviceRefused(platform)
        self.registered.append((platform, token))
        return f"arn:aws:sns:eu-central-1:000000000000:endpoint/GCM/app/{token}"


@dataclass
class RecordingSender:
    """Sends nothing, keeps what it was given. `answers` are given one after another, then always `sent`."""

    channel: str = "sms"
    sent: list[Outgoing] = field(default_factory=list)
    answers: list[Outcome] = field(default_factory=list)

    def send(self, outgoing: Outgoing) -> Outcome:
        self.sent.append(outgoing)
        if self.answers:
            return self.answers.pop(0)
        return Outcome(MessageState.SENT, provider_id=f"provider-{len(self.sent)}")
