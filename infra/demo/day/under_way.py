"""What is under way besides what is due: the walks that plan anew and that count points, and the campaign
that has not gone out."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from infra.demo.http import Caller

OVER = frozenset({"done", "stopped"})
WALKS = frozenset({"replan", "invite", "audit", "clearing", "simulate"})


@dataclass(frozen=True)
class UnderWay:
    """demo: as in demo.json."""

    owner: Caller
    demo: Mapping[str, Any]

    def in_words(self) -> str:
        """Empty when all of it is over."""
        walks = self.owner.get("/v1/walks?limit=20")["items"]
        going = [_walked(walk, self._names()) for walk in walks if walk["kind"] in WALKS
                 and not walk["finished_at"]]  # fmt: skip
        starts = (datetime.fromisoformat(each["starts_at"]) for each in self._campaigns())
        now = datetime.now(UTC)
        going += [f"the campaign begins in {(at - now).seconds} s" for at in starts if at > now]
        return "; ".join(going)

    def _campaigns(self) -> list[dict[str, Any]]:
        found = self.owner.get("/v1/campaigns")["items"]
        return [each for each in found if each["state"] not in OVER]

    def _names(self) -> dict[str, str]:
        return {salon["id"]: salon["name"] for salon in self.demo["salons"]}


def _walked(walk: Mapping[str, Any], names: Mapping[str, str]) -> str:
    where = " of ".join(filter(None, [walk["stage"], names.get(walk["salon_id"] or "")]))
    return f"{walk['kind']} walk: {where}, {walk['seen']:,} seen, {walk['changed']:,} changed"
