"""Memory limits of the local cloud's functions: a function that takes more memory than its template gives it
is ended at once, as by Lambda. ministack itself limits only their time.

    with memory_limits(cloud):
        ...                        # what is called meanwhile is limited

A process of its own looks, every few milliseconds, and at the most that a function has ever taken: so no peak
passes between two looks, and whoever calls is not slowed. Linux only: elsewhere there is no such /proc, and
nothing is limited (`CAN_LIMIT`).
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from infra.local_cloud import LocalCloud
from infra.package import ROOT

PROC = Path("/proc")
CAN_LIMIT = any(PROC.glob("self/task/*/children"))
LOOK_SECONDS = 0.005
KILOBYTES = 1024
_LIMIT = b"AWS_LAMBDA_FUNCTION_MEMORY_SIZE="
_PEAK = "VmHWM:"


@contextmanager
def memory_limits(cloud: LocalCloud) -> Iterator[None]:
    """Limits the functions of a running cloud until the end of the block. Raises RuntimeError where the
    cloud was stopped meanwhile, even if it was started again: nothing was limited from then on."""
    if not CAN_LIMIT:
        yield
        return
    watching = subprocess.Popen([sys.executable, "-m", __name__, str(cloud.pid)], cwd=ROOT)
    try:
        yield
        if watching.poll() is not None:
            raise RuntimeError("the local cloud was stopped while its functions' memory was limited")
    finally:
        watching.kill()
        watching.wait()


def end_workers(cloud: LocalCloud) -> None:
    """Ends what the cloud keeps of functions that were called: each starts anew with the memory that it has
    by now. ministack goes on with a process that was started with another."""
    for worker in _children(cloud.pid):
        if _limit(worker) is not None:
            with suppress(OSError):  # it is gone already
                os.kill(worker, signal.SIGKILL)


def watch(pid: int) -> None:
    """Ends each process started by that one which takes more than its environment gives it, as long as that
    one lives. Never raises for a process that is gone."""
    limits: dict[int, int | None] = {}
    while PROC.joinpath(str(pid)).exists():
        workers = _children(pid)
        limits = {worker: limits[worker] if limits.get(worker) else _limit(worker) for worker in workers}
        for worker, limit in limits.items():
            with suppress(OSError):  # it is gone already
                if limit is not None and _peak(worker) > limit:
                    os.kill(worker, signal.SIGKILL)
        time.sleep(LOOK_SECONDS)


def _children(pid: int) -> list[int]:
    """The processes that this one has started, by any of its threads."""
    found: list[int] = []
    for thread in PROC.glob(f"{pid}/task/*/children"):
        with suppress(OSError):
            found += [int(child) for child in thread.read_text().split()]
    return found


def _limit(pid: int) -> int | None:
    """Kilobytes; None of what is no function, or is gone."""
    with suppress(OSError):
        for each in PROC.joinpath(str(pid), "environ").read_bytes().split(b"\0"):
            if each.startswith(_LIMIT):
                return int(each.removeprefix(_LIMIT)) * KILOBYTES
    return None


def _peak(pid: int) -> int:
    """Kilobytes: the most that the process has had in memory at once."""
    for line in PROC.joinpath(str(pid), "status").read_text().splitlines():
        if line.startswith(_PEAK):
            return int(line.split()[1])
    return 0


if __name__ == "__main__":
    watch(int(sys.argv[1]))
