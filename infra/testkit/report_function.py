"""The reports function in this process: questions and answers go through JSON, as between functions."""

from io import BytesIO
from pathlib import Path
from typing import Any

import msgspec

from chalicelib.analytics.engine import DuckDbReports
from chalicelib.services.reports.report_engine import ReportCall, made
from chalicelib.services.shared.world import World
from infra.testkit.doubles import FolderObjects, RecordingRenewals


class LocalReports:
    """In place of the client of Lambda. folder: empty. calls: how many reports were made."""

    def __init__(self, world: World, folder: Path) -> None:
        self.calls = 0
        self.renewals = RecordingRenewals()
        self.objects = FolderObjects(folder / "bucket")
        kept = folder / "kept"
        kept.mkdir()
        self._engine = DuckDbReports(world, self.objects, self.renewals, kept, memory_mb=200)

    def invoke(self, *, FunctionName: str, Payload: bytes) -> dict[str, Any]:
        self.calls += 1
        answer = made(self._engine, msgspec.json.decode(Payload, type=ReportCall))
        return {"StatusCode": 200, "Payload": BytesIO(msgspec.json.encode(answer))}
