"""A real Dask scheduler with two worker processes."""

from __future__ import annotations

import importlib
import json
import os
import pickle
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from types import ModuleType

import pytest

import latentpress
from latentpress.codecs.settings import Settings
from latentpress.errors import LatentPressError, MissingExtraError
from latentpress.jobs import Compress, DaskCluster, FolderJob, InProcess, Lost, Outcome, Summary, cluster

distributed = pytest.importorskip("distributed")

PATIENCE = 120  # seconds for a process to come up on a busy machine

# Dask leaves sockets and tasks of its own event loop to the garbage collector.
pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")


class Cluster:
    """A scheduler, and the workers that were started."""

    def __init__(self, room: Path) -> None:
        self.file, self._room = room / "scheduler.json", room
        self.processes: list[subprocess.Popen[bytes]] = []
        self._start("scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard", "--no-show")
        self._wait(self.file.exists)

    @property
    def address(self) -> str:
        return str(json.loads(self.file.read_text())["address"])

    def add_worker(self) -> subprocess.Popen[bytes]:
        return self._start("worker", "--no-nanny", "--nthreads", "1", "--no-dashboard", "--death-timeout", "60")

    def wait_for_workers(self, count: int) -> None:
        with distributed.Client(self.address, set_as_default=False) as client:
            client.wait_for_workers(count, timeout=PATIENCE)

    def stop(self) -> None:
        for process in self.processes:
            process.kill()
        for process in self.processes:
            process.wait()

    def _start(self, kind: str, *arguments: str) -> subprocess.Popen[bytes]:
        log = self._room / f"{kind}-{len(self.processes)}.log"
        command = [sys.executable, "-m", f"distributed.cli.dask_{kind}", "--scheduler-file", str(self.file), *arguments]
        with log.open("wb") as stream:
            process = subprocess.Popen(command, stdout=stream, stderr=stream, cwd=self._room)
        self.processes.append(process)
        return process

    def _wait(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not happened():
            logs = "\n".join(path.read_text() for path in self._room.glob("*.log"))
            assert time.monotonic() < deadline, logs
            assert all(process.poll() is None for process in self.processes), logs
            time.sleep(0.05)


@pytest.fixture
def workers(tmp_path: Path) -> Iterator[Cluster]:
    """A scheduler with two workers."""
    room = tmp_path / "cluster"
    room.mkdir()
    started = Cluster(room)
    try:
        started.add_worker()
        started.add_worker()
        started.wait_for_workers(2)
        yield started
    finally:
        started.stop()


@pytest.fixture
def functions() -> ModuleType:
    return importlib.import_module("job_functions")


def run(source: Path, output: Path, executor: InProcess | DaskCluster) -> Summary:
    job = FolderJob(Compress(Settings(codec="gated")), str(source), str(output))
    plan = job.plan()
    summary = Summary.of(plan)
    for outcome in job.run(plan, executor):
        summary.add(outcome)
    return summary


def test_a_folder_on_a_cluster_that_loses_a_worker(
    workers: Cluster, pictures: Callable[[Path, range], None], tmp_path: Path, plugins: Path
) -> None:
    """One of the two workers is killed in the middle of a picture; the other does what is left, that one too."""
    source = tmp_path / "in"
    pictures(source, range(20, 30))
    (source / "bad.png").write_text("no picture")
    (plugins / "kill-23").touch()
    summary = run(source, tmp_path / "out", DaskCluster(workers.address))
    began = [line.split() for line in (plugins / "log").read_text().splitlines()]
    assert [outcome.name for outcome in summary.failed] == ["bad.png"]
    assert len(summary.made) == 10
    assert len({pid for _, pid in began}) == 2
    assert os.getpid() not in {int(pid) for _, pid in began}
    assert [width for width, _ in began].count("23") == 2
    assert [process.poll() is None for process in workers.processes].count(False) == 1
    assert not (plugins / "kill-23").exists()
    run(source, tmp_path / "here", InProcess())
    assert tree(tmp_path / "out") == tree(tmp_path / "here")
    assert len(run(source, tmp_path / "out", DaskCluster(workers.address)).done) == 10


def tree(folder: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in folder.iterdir() if not path.name.startswith(".latentpress")}


def test_items_results_and_a_cluster_without_workers(
    workers: Cluster, functions: ModuleType, monkeypatch: pytest.MonkeyPatch
) -> None:
    executor = DaskCluster(workers.address, jobs=3)
    assert sorted(executor.each(functions.square, range(20))) == [(n, n * n) for n in range(20)]
    outcomes = executor.each(functions.square, iter(range(10**9)))  # not taken all at once
    assert len({next(outcomes)[0] for _ in range(5)}) == 5
    outcomes.close()
    # What the workers cannot even load comes back as lost.
    assert isinstance(next(executor.each(functions.square, [functions.Unloadable()]))[1], Lost)

    with monkeypatch.context() as patch:
        patch.setattr(latentpress, "__version__", "0.0.0")
        with pytest.raises(LatentPressError, match=r"has LatentPress .*, not 0\.0\.0"):
            next(executor.each(functions.square, [1]))

    monkeypatch.setattr(cluster, "_QUIET", 0.5)
    outcomes = executor.each(functions.wait_or_answer, [1, str(workers.file.parent), str(workers.file.parent)])
    assert next(outcomes) == (1, 1)
    for process in workers.processes[1:]:
        process.kill()
    with pytest.raises(LatentPressError, match="has no workers"):
        next(outcomes)


def test_no_scheduler(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cluster, "_CONNECT", "1s")
    for address in ("tcp://127.0.0.1:9", "nonsense://x"):
        with pytest.raises(LatentPressError, match=f"cannot reach a Dask scheduler at {address}"):
            next(DaskCluster(address).each(len, ["a"]))


def test_without_dask(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "distributed", None)
    with pytest.raises(MissingExtraError, match=r"--scheduler needs .*\[cluster\]"):
        next(DaskCluster("tcp://127.0.0.1:9").each(len, ["a"]))


def test_outcomes_travel() -> None:
    outcome = Outcome("a.png", "a.lpx", 5, 2, 30.5, ("warning",))
    assert pickle.loads(pickle.dumps(outcome)) == outcome
