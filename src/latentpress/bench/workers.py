"""Processes that do a benchmark's work: single-threaded, and apart, so that a coder that crashes takes none along."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Generic, TypeVar

from latentpress.errors import LatentPressError

__all__ = ["Died", "alone", "each"]

_Task = TypeVar("_Task")
_Result = TypeVar("_Result")

# Variables that hold the libraries' thread pools to one thread. They are read when a library is loaded, so they must
# stand in the environment before the process starts.
_POOLS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "VIPS_CONCURRENCY",
)  # fmt: skip
_PATIENCE = 5.0  # seconds for a process to end by itself


@dataclass(frozen=True)
class Died:
    """In place of a result: the process that worked on it ended. reason: how, in a few words."""

    reason: str


@dataclass(eq=False)
class _Worker(Generic[_Task]):
    """A process, our end of the pipe to it, and what it works on; ``ready`` once it has come up."""

    process: BaseProcess
    pipe: Connection
    task: _Task | None = None
    ready: bool = False


def each(
    function: Callable[[_Task], _Result], tasks: Iterable[_Task], jobs: int
) -> Generator[tuple[_Task, _Result | Died], None, None]:
    """Call ``function`` with each task in one of ``jobs`` processes; gives (task, result) as they come.

    The function, tasks and results must pickle; the function is sent once to each process and stays there, so it may
    keep things between calls. It must not raise. Processes are spawned: a script that gets here must guard its main
    part with ``if __name__ == "__main__"``. Closing the iterator ends the processes.

    Raises LatentPressError if a process does not come up.
    """
    waiting = list(tasks)[::-1]
    workers: list[_Worker[_Task]] = []
    try:
        workers.extend(_start(function) for _ in range(min(jobs, len(waiting))))
        while workers:
            for pipe in multiprocessing.connection.wait([worker.pipe for worker in workers]):
                worker = next(worker for worker in workers if worker.pipe is pipe)
                task, worker.task = worker.task, None
                try:
                    result: Any = worker.pipe.recv()
                except (EOFError, OSError):
                    workers.remove(worker)
                    result = _died(worker)
                    if waiting:
                        workers.append(_start(function))
                else:
                    worker.ready = True
                    if waiting:
                        worker.task = waiting.pop()
                        # A process that has died since is noticed when its answer is awaited.
                        with contextlib.suppress(OSError):
                            worker.pipe.send(worker.task)
                    else:
                        workers.remove(worker)
                        _stop(worker)
                if task is not None:
                    yield task, result
    finally:
        for worker in workers:
            worker.process.terminate()
            _stop(worker)


def alone(function: Callable[[_Task], _Result], task: _Task) -> _Result | Died:
    """``function(task)`` in a fresh process; as `each`."""
    return next(result for _, result in each(function, [task], 1))


def _start(function: Callable[[_Task], Any]) -> _Worker[_Task]:
    """A new process."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, function), daemon=True)
    with _single_threaded():
        process.start()
    theirs.close()  # so that the pipe breaks when the process ends
    return _Worker(process, ours)


def _stop(worker: _Worker[Any]) -> None:
    """Let a process end, and clear it away."""
    worker.pipe.close()
    worker.process.join(_PATIENCE)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
    worker.process.close()


def _died(worker: _Worker[Any]) -> Died:
    """Clear a dead process away and say how it ended. Raises LatentPressError if it never came up."""
    worker.process.join(_PATIENCE)
    code = worker.process.exitcode
    _stop(worker)
    if not worker.ready:
        raise LatentPressError(f"a worker process did not start (exit code {code}); its reason stands above")
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return Died(f"the process died of {signal.Signals(-code).name}")
    return Died(f"the process ended with code {code}")


def _serve(pipe: Connection, function: Callable[[Any], Any]) -> None:
    """A worker's life: say that it is there, then answer tasks until the pipe breaks."""
    # Ctrl-C reaches every process of the terminal; the parent decides what to do.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    with contextlib.suppress(EOFError, OSError):
        pipe.send(None)
        while True:
            pipe.send(function(pipe.recv()))


@contextlib.contextmanager
def _single_threaded() -> Iterator[None]:
    """The environment that a new process inherits, for the length of the block."""
    before = {name: os.environ.get(name) for name in _POOLS}
    os.environ.update(dict.fromkeys(_POOLS, "1"))
    try:
        yield
    finally:
        for name, value in before.items():
            if value is None:
                del os.environ[name]
            else:
                os.environ[name] = value
