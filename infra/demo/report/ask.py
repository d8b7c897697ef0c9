"""Asks the deployed API for a report."""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

from infra.demo.http import Caller, Refused

TRIES, PAUSE_SECONDS = 6, 5.0
UNAVAILABLE = 503


@dataclass(frozen=True)
class Reports:
    """owner: who asks."""

    owner: Caller
    pause_seconds: float = PAUSE_SECONDS

    def get(self, name: str, **parameters: Any) -> Any:
        """While pages of facts are being prepared, the API says so, and is asked again."""
        path = f"/v1/reports/{name}?{urlencode(parameters)}"
        for _ in range(TRIES - 1):
            try:
                return self.owner.get(path)
            except Refused as refused:
                if refused.status != UNAVAILABLE:
                    raise
            time.sleep(self.pause_seconds)
        return self.owner.get(path)
