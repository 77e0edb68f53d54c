"""The process that does the work: takes a function and its arguments from a pipe, sends back what comes of it."""

from __future__ import annotations

import contextlib
import os
import pickle
import signal
import sys
import traceback
from collections.abc import Callable
from multiprocessing.connection import Connection
from typing import Any

from latentpress.errors import LatentPressError, LimitError
from latentpress.memory import peak

__all__ = ["READY", "WorkerFault", "run_worker"]

READY = "ready"

# A process keeps the memory that its largest picture took. Above this much, in bytes, it makes room for a fresh one.
_RETIRE_ABOVE = 2**30


class WorkerFault(LatentPressError):
    """The work failed in a way that nobody foresaw; the message names the exception, ``trace`` says where it was."""

    def __init__(self, message: str, trace: str) -> None:
        super().__init__(message)
        self.trace = trace

    def __reduce__(self) -> tuple[type[WorkerFault], tuple[str, str]]:
        """Keep both arguments on the way through the pipe."""
        return (type(self), (str(self), self.trace))


def run_worker(pipe: Connection, prepare: Callable[..., object], arguments: tuple[Any, ...]) -> None:
    """Main function of the process. Ends when the other side closes the pipe, so that none outlives its server.

    Each message is (function, arguments); the answer is (result or LatentPressError, whether to retire this process).
    """
    if hasattr(os, "setsid"):
        # Ctrl-C in a terminal goes to the server alone, and what a coder starts dies with this process's group.
        os.setsid()
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, OSError):
        prepare(*arguments)
        pipe.send(READY)
        while True:
            function, given = pipe.recv()
            pipe.send((_call(function, given), _peak_memory() > _RETIRE_ABOVE))


def _call(function: Callable[..., Any], arguments: tuple[Any, ...]) -> Any:
    """The result, or the error as a value."""
    try:
        return function(*arguments)
    except MemoryError:
        return LimitError("the picture takes more memory than this service has")
    except LatentPressError as error:
        return error if _travels(error) else LatentPressError(str(error))
    except Exception as error:  # third-party codecs and libraries may raise anything
        return WorkerFault(f"{type(error).__name__}: {error}", traceback.format_exc())


def _travels(error: LatentPressError) -> bool:
    """Whether an error, perhaps of a third party's class, comes out of a pipe as it went in."""
    try:
        return type(pickle.loads(pickle.dumps(error))) is type(error)  # nosec B301
    except Exception:  # pickle passes on whatever the class raises
        return False


def _peak_memory() -> int:
    """The largest resident set of this process so far, in bytes; 0 where the system does not tell."""
    if (found := peak()) is not None:
        return found
    try:
        import resource
    except ImportError:
        return 0
    unit = 1 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * unit
