"""Workers that die, take too long, or are not wanted any more. The tasks are functions of the standard library."""

from __future__ import annotations

import operator
import os
import signal
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from latentpress.apps.serve.pool import BusyError, CrashError, TooSlowError, WorkerPool
from latentpress.apps.serve.worker import WorkerFault
from latentpress.container import read
from latentpress.errors import CorruptFileError

posix = pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="ends processes by signals")


@pytest.fixture
def pool() -> Iterator[WorkerPool]:
    made = WorkerPool(1, 1, 5.0, os.getpid, ())
    yield made
    made.close()


def test_a_result_and_the_process_stays(pool: WorkerPool) -> None:
    first, second = (pool.submit(os.getpid).future.result(60) for _ in range(2))
    assert first == second != os.getpid()
    assert pool.pids() == [first]


def test_errors_come_back_with_their_class(pool: WorkerPool) -> None:
    with pytest.raises(CorruptFileError, match=r"not an \.lpx file"):
        pool.submit(read, b"text").future.result(60)
    with pytest.raises(WorkerFault, match="ZeroDivisionError") as caught:
        pool.submit(operator.truediv, 1, 0).future.result(60)
    assert "Traceback" in caught.value.trace
    assert pool.submit(operator.add, 1, 2).future.result(60) == 3


def test_work_that_kills_its_process_twice_is_refused(pool: WorkerPool) -> None:
    first = pool.submit(os.getpid).future.result(60)
    with pytest.raises(CrashError, match="twice"):
        pool.submit(os._exit, 3).future.result(60)
    assert pool.submit(os.getpid).future.result(60) != first


@posix
def test_work_whose_process_is_killed_is_done_again(pool: WorkerPool, tmp_path: Path) -> None:
    first = pool.submit(os.getpid).future.result(60)
    job = pool.submit(time.sleep, 1.0)
    time.sleep(0.3)
    os.kill(first, signal.SIGKILL)
    assert job.future.result(60) is None
    assert pool.submit(os.getpid).future.result(60) != first


@posix
def test_a_process_killed_while_idle_is_not_noticed_by_anyone(pool: WorkerPool) -> None:
    first = pool.submit(os.getpid).future.result(60)
    os.kill(first, signal.SIGKILL)
    assert pool.submit(operator.add, 1, 2).future.result(60) == 3


def test_work_that_takes_too_long_is_ended() -> None:
    pool = WorkerPool(1, 1, 0.5, os.getpid, ())
    try:
        first = pool.submit(os.getpid).future.result(60)
        with pytest.raises(TooSlowError, match=r"0\.5 seconds"):
            pool.submit(time.sleep, 60).future.result(30)
        # The next job may wait longer than the limit for the fresh process, so it may have to be asked for again.
        for _ in range(100):
            try:
                assert pool.submit(os.getpid).future.result(60) != first
                break
            except BusyError:
                continue
        else:
            pytest.fail("no worker came free")
    finally:
        pool.close()


def test_a_job_that_waits_too_long_for_a_worker_is_told_to_come_again() -> None:
    pool = WorkerPool(1, 1, 1.0, os.getpid, ())
    try:
        pool.submit(os.getpid).future.exception(60)
        slow, waiting = pool.submit(time.sleep, 60), pool.submit(os.getpid)
        assert isinstance(waiting.future.exception(60), BusyError)
        assert isinstance(slow.future.exception(60), TooSlowError)
    finally:
        pool.close()


def test_abandoned_work_makes_room(pool: WorkerPool) -> None:
    pool.submit(os.getpid).future.result(60)
    running, waiting = pool.submit(time.sleep, 4), pool.submit(time.sleep, 4)
    time.sleep(0.2)
    running.abandon()
    waiting.abandon()
    assert pool.submit(operator.add, 1, 2).future.result(60) == 3
    assert isinstance(running.future.exception(1), BusyError)
    assert waiting.future.cancelled()


def test_places_are_bounded(pool: WorkerPool) -> None:
    pool.submit(os.getpid).future.result(60)
    with pool.place(), pool.place():
        assert pool.status()["requests"] == 2
        with pytest.raises(BusyError, match="busy with 2 requests"), pool.place():
            pass
    assert pool.status() == {"workers": 1, "requests": 0, "capacity": 2}


def test_closing_ends_processes_and_jobs() -> None:
    pool = WorkerPool(1, 1, 30.0, os.getpid, ())
    pid = pool.submit(os.getpid).future.result(60)
    job, other = pool.submit(time.sleep, 60), pool.submit(time.sleep, 60)
    time.sleep(0.2)
    pool.close()
    assert isinstance(job.future.exception(1), BusyError)
    assert isinstance(other.future.exception(1), BusyError)
    assert pool.pids() == []
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)


def test_a_worker_that_cannot_start_says_so() -> None:
    pool = WorkerPool(1, 1, 30.0, os._exit, (4,))
    try:
        assert isinstance(pool.submit(os.getpid).future.exception(60), BusyError)
    finally:
        pool.close()
