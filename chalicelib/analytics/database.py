"""A DuckDB database in a function: all in one folder, within its memory, and nothing from the network."""

from pathlib import Path

import duckdb
from duckdb import DuckDBPyConnection

THREADS = 2
"""A function of 2 GB has a little more than one processor, one of 3.5 GB has two."""


def open_database(file: Path, memory_mb: int) -> DuckDBPyConnection:
    """The database in that file, which is made where it is not there.

    DuckDB would look for its home folder, which a function has not, and would load missing extensions from
    the network. What it needs of extensions (json, parquet) is built into its wheel."""
    folder = str(file.parent)
    return duckdb.connect(
        str(file),
        config={
            "home_directory": folder,
            "temp_directory": f"{file}.spilled",
            "memory_limit": f"{memory_mb}MB",
            "threads": str(THREADS),
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "preserve_insertion_order": "false",
        },
    )
