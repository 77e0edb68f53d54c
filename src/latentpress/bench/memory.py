"""Peak memory of this process and of the programs that it starts."""

from __future__ import annotations

import contextlib
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import TypeVar

from latentpress.memory import peak

__all__ = ["with_peak"]

_Result = TypeVar("_Result")
_STEP = 0.002  # seconds between two looks at the programs that run


def with_peak(work: Callable[[], _Result]) -> tuple[_Result, float | None]:
    """(what ``work`` returns, megabytes): the most that this process ever had resident, until the end of ``work``.

    A megabyte is 10^6 bytes. Nothing is taken off: Python, the libraries and the data that are held count, so a fresh
    process must be used for each number. On Linux the programs that ``work`` starts are added, each with its own peak;
    a program's last two milliseconds may be missed. None where the system does not tell.
    """
    if sys.platform != "linux":
        return work(), _highest()
    children: dict[int, float] = {}
    done = threading.Event()

    def watch() -> None:
        while not done.is_set():
            for process in _children():
                peak = _peak(process)
                if peak is not None:  # none once the program has ended
                    children[process] = peak
            done.wait(_STEP)

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        result = work()
    finally:
        done.set()
        watcher.join()
    own = _peak("self")
    return result, None if own is None else own + sum(children.values())


def _children() -> list[int]:
    """Ids of the programs that this process has running."""
    found: list[int] = []
    for task in Path("/proc/self/task").glob("*/children"):
        with contextlib.suppress(OSError):
            found += map(int, task.read_text().split())
    return found


def _peak(process: int | str) -> float | None:
    """The peak of a process's resident memory, MB; None where there is no /proc."""
    found = peak(process)
    return None if found is None else found / 1e6


def _highest() -> float | None:
    """The same where there is no /proc: ru_maxrss, in bytes on macOS; None on Windows."""
    try:
        import resource
    except ImportError:
        return None
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak * (1 if sys.platform == "darwin" else 1024) / 1e6
