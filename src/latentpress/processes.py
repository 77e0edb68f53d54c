"""Work in processes of this machine: each single-threaded, each to be lost without the others."""

from __future__ import annotations

import contextlib
import multiprocessing
import multiprocessing.connection
import os
import signal
import sys
import threading
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.process import BaseProcess
from typing import Any, Generic, NoReturn, TypeVar

from latentpress.errors import LatentPressError

__all__ = ["Lost", "alone", "each", "usable_cores"]

Item = TypeVar("Item")
Result = TypeVar("Result")

# Variables that hold the libraries' thread pools to one thread. They are read when a library is loaded, so they must
# stand in the environment before the process starts.
_POOLS = (
    "OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "VECLIB_MAXIMUM_THREADS",
    "VIPS_CONCURRENCY",
)  # fmt: skip
_PATIENCE = 5.0  # seconds for a process to end by itself


@dataclass(frozen=True)
class Lost:
    """In place of a result: whoever worked on the item ended before it was done. reason: how, in a few words."""

    reason: str


def usable_cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@dataclass(eq=False)
class _Task(Generic[Item]):
    """An item, and how often a worker has been given it."""

    item: Item
    tries: int = 0


@dataclass(eq=False)
class _Worker(Generic[Item]):
    """A process, our end of the pipe to it, and what it works on, from when it is ``ready``."""

    process: BaseProcess
    pipe: Connection
    task: _Task[Item]
    ready: bool = False

    def begin(self, task: _Task[Item]) -> None:
        """Hand it a task. A process that has died since is noticed when its answer is awaited."""
        self.task = task
        task.tries += 1
        with contextlib.suppress(OSError):
            self.pipe.send(task.item)


def each(
    function: Callable[[Item], Result], items: Iterable[Item], jobs: int, *, tries: int = 1
) -> Generator[tuple[Item, Result | Lost], None, None]:
    """Call ``function`` with each item in one of ``jobs`` processes; gives (item, result) as they finish.

    The function, items and results must pickle; the function is sent once to each process and stays there, so it may
    keep things between calls. It must not raise. A process that dies is replaced, and its item begun again until it
    has been tried ``tries`` times. Processes are spawned: a script that gets here must guard its main part with ``if
    __name__ == "__main__"``. Items are taken only as fast as they are worked on. Closing the generator ends the
    processes; if this process is killed, they end with it.

    Raises LatentPressError if a process does not come up.
    """
    fresh = map(_Task, items)
    again: list[_Task[Item]] = []
    workers: list[_Worker[Item]] = []

    def next_task() -> _Task[Item] | None:
        return again.pop() if again else next(fresh, None)

    try:
        while True:
            while len(workers) < jobs and (task := next_task()) is not None:
                workers.append(_start(function, task))
            if not workers:
                return
            for pipe in multiprocessing.connection.wait([worker.pipe for worker in workers]):
                worker = next(worker for worker in workers if worker.pipe is pipe)
                done = worker.task
                try:
                    result: Any = worker.pipe.recv()
                except (EOFError, OSError):
                    workers.remove(worker)
                    reason = _died(worker)
                    if done.tries < tries:
                        again.append(done)
                    else:
                        yield done.item, Lost(reason if tries == 1 else f"{reason}, {tries} times")
                    continue
                if not worker.ready:
                    worker.ready = True
                    worker.begin(done)
                    continue
                following = next_task()
                if following is not None:
                    worker.begin(following)
                else:
                    workers.remove(worker)
                    _stop(worker)
                yield done.item, result
    finally:
        for worker in workers:
            worker.process.terminate()
        for worker in workers:
            _stop(worker)


def alone(function: Callable[[Item], Result], item: Item) -> Result | Lost:
    """``function(item)`` in a fresh process; as `each`."""
    return next(result for _, result in each(function, [item], 1))


def _start(function: Callable[[Item], Any], task: _Task[Item]) -> _Worker[Item]:
    """A new process, to work on ``task`` first."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(theirs, function), daemon=True)
    with _single_threaded(), _no_interrupts():
        process.start()
    theirs.close()  # so that the pipe breaks when the process ends
    return _Worker(process, ours, task)


def _stop(worker: _Worker[Any]) -> None:
    """Let a process end, and clear it away."""
    worker.pipe.close()
    worker.process.join(_PATIENCE)
    if worker.process.is_alive():
        worker.process.kill()
        worker.process.join()
    worker.process.close()


def _died(worker: _Worker[Any]) -> str:
    """Clear a dead process away and say how it ended. Raises LatentPressError if it never came up."""
    worker.process.join(_PATIENCE)
    code = worker.process.exitcode
    _stop(worker)
    if not worker.ready:
        raise LatentPressError(f"a worker process did not start (exit code {code}); its reason stands above")
    if code is not None and code < 0:
        with contextlib.suppress(ValueError):
            return f"the process died of {signal.Signals(-code).name}"
    return f"the process ended with code {code}"


def _serve(pipe: Connection, function: Callable[[Any], Any]) -> None:
    """A worker's life: say that it is there, then answer items until the pipe breaks."""
    # Ctrl-C reaches every process of the terminal; the parent decides what to do. Its SIGTERM becomes an exception,
    # so that a file half written is cleared away.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, _leave)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    with contextlib.suppress(EOFError, OSError):
        pipe.send(None)
        while True:
            pipe.send(function(pipe.recv()))


def _end_with_parent() -> None:
    """End at once when the parent has: a run that was killed must not go on writing beside the next one."""
    parent = multiprocessing.parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)


def _leave(number: int, frame: object) -> NoReturn:
    sys.exit(128 + number)


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


@contextlib.contextmanager
def _no_interrupts() -> Iterator[None]:
    """Hold Ctrl-C back from a process that is started in the block, until it can decide for itself: it inherits the
    mask. Ours is delivered after the block.
    """
    if not hasattr(signal, "pthread_sigmask"):  # Windows
        yield
        return
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
