"""Memory limits of the local cloud's functions: a function that takes more memory than its template gives it
is ended at once, as by Lambda. ministack itself limits only their time.

    with memory_limits(cloud):
        ...                        # what is called meanwhile is limited

Linux only: elsewhere there is no /proc, and nothing is limited (`CAN_LIMIT`).
"""

import os
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.local_cloud import LocalCloud

PROC = Path("/proc")
CAN_LIMIT = PROC.joinpath("self/statm").exists()
LOOK_SECONDS = 0.05
MEGABYTE = 1024 * 1024
_LIMIT = b"AWS_LAMBDA_FUNCTION_MEMORY_SIZE="


@contextmanager
def memory_limits(cloud: LocalCloud) -> Iterator[None]:
    """Limits the functions of a running cloud until the end of the block."""
    ended = threading.Event()
    watching = threading.Thread(target=_watch, args=(cloud.pid, ended), daemon=True)
    if CAN_LIMIT:
        watching.start()
    try:
        yield
    finally:
        ended.set()


def _watch(pid: int, ended: threading.Event) -> None:
    while not ended.wait(LOOK_SECONDS):
        for worker in _children(pid):
            with suppress(OSError):  # it is gone already
                limit = _limit(worker)
                if limit is not None and _taken(worker) > limit:
                    os.kill(worker, signal.SIGKILL)


def _children(pid: int) -> list[int]:
    """The processes that this one has started."""
    found = []
    for stat in PROC.glob("[0-9]*/stat"):
        with suppress(OSError):
            parent = stat.read_text().rpartition(")")[2].split()[1]
            if int(parent) == pid:
                found.append(int(stat.parent.name))
    return found


def _limit(pid: int) -> int | None:
    """Bytes; None of what is no function."""
    for each in PROC.joinpath(str(pid), "environ").read_bytes().split(b"\0"):
        if each.startswith(_LIMIT):
            return int(each.removeprefix(_LIMIT)) * MEGABYTE
    return None


def _taken(pid: int) -> int:
    """Bytes in memory."""
    pages = PROC.joinpath(str(pid), "statm").read_text().split()[1]
    return int(pages) * os.sysconf("SC_PAGE_SIZE")
