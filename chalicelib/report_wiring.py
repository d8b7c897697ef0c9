"""Builds what makes reports and pages of facts, for the functions that have DuckDB. A part of `wiring`, which
passes in what all functions have."""

import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from chalicelib.services.facts.fact_files import FactFiles
    from chalicelib.services.facts.fact_ports import FactObjects, RenewalQueue
    from chalicelib.services.reports.report_engine import ReportEngine
    from chalicelib.services.shared.world import World

MEMORY_MB = 1000
"""What DuckDB may take; the rest of the function's 2 GB is for Python and for what DuckDB does not count."""


def report_engine(
    world: "World", objects: "FactObjects", renewals: "RenewalQueue", count: Callable[[str], None]
) -> "ReportEngine":
    """An engine with a folder of its own, which is gone with the process."""
    from chalicelib.analytics.engine import DuckDbReports

    folder = Path(tempfile.mkdtemp(prefix="facts-"))
    return DuckDbReports(world, objects, renewals, folder, memory_mb=MEMORY_MB, count=count)


def fact_files(objects: "FactObjects") -> "FactFiles":
    from chalicelib.analytics.parquet import make_part
    from chalicelib.services.facts.fact_files import FactFiles

    return FactFiles(objects, make_part)
