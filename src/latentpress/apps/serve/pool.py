"""`WorkerPool`: a bounded number of worker processes and of requests, and what happens when a worker fails.

The standard library's process pool breaks as a whole when a process dies, and cannot stop a call that takes too long.
"""

from __future__ import annotations

import contextlib
import multiprocessing
import os
import queue
import signal
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future
from multiprocessing.connection import wait
from typing import Any

from latentpress.apps.serve.worker import READY, run_worker
from latentpress.errors import InvalidInputError, LatentPressError

__all__ = ["BusyError", "CrashError", "Job", "TooSlowError", "WorkerPool"]

_START_SECONDS = 120.0
_TICK = 0.1  # seconds between looks at whether a job is still wanted
_GRACE = 2.0  # seconds that a job goes on after its client has left: replacing the process costs about as much
_DEATHS = 2  # processes that a job may lose before it is refused
_STARTS = 3  # processes that are started for a job


class BusyError(LatentPressError):
    """No worker is free, and enough requests wait already; a later try may succeed."""


class TooSlowError(LatentPressError):
    """The work took longer than the limit; its process was ended."""


class CrashError(InvalidInputError):
    """The work ended its process, and did so again in a fresh one: something in the input does it."""


class Job:
    """A call on its way through the pool: ``future`` brings its result."""

    def __init__(self, function: Callable[..., Any], arguments: tuple[Any, ...], expires: float) -> None:
        self.function, self.arguments, self.expires = function, arguments, expires
        self.future: Future[Any] = Future()
        self._left: float | None = None

    def abandon(self) -> None:
        """Nobody waits for the result any more."""
        self._left = time.monotonic()

    def unwanted(self, grace: float = 0.0) -> bool:
        """Whether it was abandoned at least ``grace`` seconds ago."""
        return self._left is not None and time.monotonic() - self._left >= grace


class WorkerPool:
    """``workers`` processes that run one call each at a time.

    A thread looks after each process: it hands over a job, waits for the answer, and replaces the process when it dies,
    takes more than ``timeout`` seconds, or is at work for a client who has left. A job whose process died is tried once
    more in a fresh one. ``prepare(*arguments)`` is called in each new process.
    """

    def __init__(
        self, workers: int, queue_size: int, timeout: float, prepare: Callable[..., object], arguments: tuple[Any, ...]
    ) -> None:
        self.workers, self.timeout = workers, timeout
        self._capacity = workers + queue_size
        self._prepare = (prepare, arguments)
        self._jobs: queue.SimpleQueue[Job | None] = queue.SimpleQueue()
        self._lock = threading.Lock()
        self._admitted = 0
        self._processes: set[int] = set()
        self._closing = False
        self._threads = [threading.Thread(target=self._look_after, daemon=True) for _ in range(workers)]
        for thread in self._threads:
            thread.start()

    @contextlib.contextmanager
    def place(self) -> Iterator[None]:
        """Hold one of the places for requests, from before the body is read; raises BusyError when all are taken."""
        with self._lock:
            if self._admitted >= self._capacity:
                raise BusyError(f"the service is busy with {self._admitted} requests; try again in a moment")
            self._admitted += 1
        try:
            yield
        finally:
            with self._lock:
                self._admitted -= 1

    def submit(self, function: Callable[..., Any], *arguments: Any) -> Job:
        """Queue a call of an importable function. Its future raises what the call raised, BusyError when no worker came
        free in time, TooSlowError or CrashError.
        """
        job = Job(function, arguments, time.monotonic() + self.timeout)
        self._jobs.put(job)
        return job

    def status(self) -> dict[str, int]:
        """Worker processes, requests that were let in and are not answered yet, and how many may be."""
        return {"workers": len(self._processes), "requests": self._admitted, "capacity": self._capacity}

    def pids(self) -> list[int]:
        """Process ids of the workers."""
        return list(self._processes)

    def close(self) -> None:
        """End the processes; jobs that wait or are at work fail with BusyError."""
        self._closing = True
        for _ in self._threads:
            self._jobs.put(None)
        for thread in self._threads:
            thread.join()

    def _look_after(self) -> None:
        """Life of a thread: one worker process after another."""
        worker: _Worker | None = None
        try:
            worker = self._start()
            while (job := self._jobs.get()) is not None:
                if job.unwanted():
                    job.future.cancel()
                if not job.future.set_running_or_notify_cancel():
                    continue
                if self._closing:
                    job.future.set_exception(BusyError("the service is shutting down"))
                elif time.monotonic() > job.expires:
                    job.future.set_exception(
                        BusyError(f"no worker came free in {self.timeout:g} seconds; try again in a moment")
                    )
                else:
                    worker = self._do(job, worker)
        finally:
            self._stop(worker)

    def _do(self, job: Job, worker: _Worker | None) -> _Worker | None:
        """Run a job and answer it; returns the worker to go on with, None for one yet to be started."""
        deaths = 0
        for _ in range(_STARTS):
            worker = worker or self._start()
            if worker is None:
                continue
            try:
                result, retire = worker.call(job, self.timeout, lambda: self._closing)
            except (EOFError, OSError):
                self._stop(worker)
                worker, deaths = None, deaths + 1
                if deaths == _DEATHS:
                    job.future.set_exception(CrashError("the process at work on this input died, twice; it is refused"))
                    return self._start()
                continue
            except LatentPressError as error:
                self._stop(worker)
                job.future.set_exception(error)
                return self._start()
            if retire:
                self._stop(worker)
                worker = None
            if isinstance(result, LatentPressError):
                job.future.set_exception(result)
            else:
                job.future.set_result(result)
            return worker or self._start()
        job.future.set_exception(BusyError("no worker process could be started; try again in a moment"))
        return None

    def _start(self) -> _Worker | None:
        """A worker that is ready; None if it does not get ready."""
        if self._closing:
            return None
        worker = _Worker(*self._prepare)
        self._processes.add(worker.pid)
        if worker.get_ready(lambda: self._closing):
            return worker
        self._stop(worker)
        return None

    def _stop(self, worker: _Worker | None) -> None:
        if worker is not None:
            self._processes.discard(worker.pid)
            worker.kill()


class _Worker:
    """A process and the pipe to it."""

    def __init__(self, prepare: Callable[..., object], arguments: tuple[Any, ...]) -> None:
        # "spawn": a fork of a process with threads may inherit a lock that nobody will open.
        context = multiprocessing.get_context("spawn")
        self._pipe, far_end = context.Pipe()
        self.process = context.Process(target=run_worker, args=(far_end, prepare, arguments), daemon=True)
        self.process.start()
        far_end.close()
        self.pid = self.process.pid or 0

    def get_ready(self, closing: Callable[[], bool]) -> bool:
        """Wait until the process has prepared itself; False if it died or took too long over it."""
        end = time.monotonic() + _START_SECONDS
        with contextlib.suppress(EOFError, OSError):
            while time.monotonic() < end and not closing():
                if self._pipe.poll(_TICK):
                    return bool(self._pipe.recv() == READY)
        return False

    def call(self, job: Job, timeout: float, closing: Callable[[], bool]) -> Any:
        """The process's answer. Raises EOFError or OSError if it died, TooSlowError, or BusyError when its client has
        left or the service is shutting down.
        """
        end = time.monotonic() + timeout
        self._pipe.send((job.function, job.arguments))
        while not wait([self._pipe, self.process.sentinel], _TICK):
            if time.monotonic() > end:
                raise TooSlowError(f"the work took longer than the limit of {timeout:g} seconds; send less of it")
            if closing():
                raise BusyError("the service is shutting down")
            if job.unwanted(_GRACE):
                raise BusyError("the client has left")
        return self._pipe.recv()

    def kill(self) -> None:
        """End the process and all that it has started."""
        self._pipe.close()
        if hasattr(os, "killpg"):
            # Before its setsid the group does not exist yet.
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.process.close()
