"""Commands on whole folders that are killed or interrupted in the middle, and taken up again."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest
from typer.testing import Result

from .conftest import make_pictures, tree

Run = Callable[..., Result]

PATIENCE = 120  # seconds for something to happen on a busy machine


# The tests may run in the background of a shell, which has its children ignore Ctrl-C; Python then leaves it at that.
HEEDING = """
import runpy, signal
signal.signal(signal.SIGINT, signal.default_int_handler)
runpy.run_module("latentpress", run_name="__main__")
"""


class Stopped:
    """A compression of 8 pictures in two processes that stands still: two are being worked on, two are not begun."""

    WIDTHS = range(20, 28)  # in order of names: 20 22 24 26, then in sub 21 23 25 27
    HELD = (24, 23)
    DONE = ("p20.lpx", "p22.lpx", "p26.lpx", "sub/p21.lpx")

    def __init__(self, folder: Path, room: Path) -> None:
        self.source, self.output, self.room = folder / "in", folder / "out", room
        make_pictures(self.source, self.WIDTHS)
        for width in self.HELD:
            (room / f"hold-{width}").touch()
        command = [sys.executable, "-c", HEEDING, *map(str, self.arguments), "--jobs", "2"]
        self.process = subprocess.Popen(
            command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
        )
        self.wait(lambda: {*self.HELD} <= {width for width, _ in self.log()})

    @property
    def arguments(self) -> tuple[object, ...]:
        return ("compress", self.source, "-o", self.output, "--codec", "gated")

    def log(self) -> list[tuple[int, int]]:
        """(width, process) of each picture that was begun, in order."""
        path = self.room / "log"
        lines = path.read_text().splitlines() if path.exists() else []
        return [(int(width), int(pid)) for width, pid in map(str.split, lines)]

    def wait(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + PATIENCE
        while not happened():
            if time.monotonic() > deadline or (self.process.poll() or 0) > 0:
                self.kill_all()
                pytest.fail(f"it does not get there: {self.process.communicate()}, {self.log()}")
            time.sleep(0.02)

    def workers(self) -> list[int]:
        """Worker processes that are still alive."""
        return [pid for pid in {pid for _, pid in self.log()} if _alive(pid)]

    def kill_all(self) -> None:
        """End the command and its workers, whatever state they are in."""
        with contextlib.suppress(ProcessLookupError):
            os.killpg(self.process.pid, signal.SIGKILL)


def _alive(pid: int) -> bool:
    """Whether a process runs; one that nobody has waited for yet (a zombie) does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


@pytest.fixture
def stopped(tmp_path: Path, room: Path) -> Iterator[Stopped]:
    found = Stopped(tmp_path, room)
    try:
        yield found
    finally:
        found.kill_all()
        found.process.communicate()


def finish_and_check(run: Run, stopped: Stopped, times: dict[str, int]) -> None:
    """Run the command again: only what was not done is done, and all is as after a run that was not cut off."""
    begun = len(stopped.log())
    for width in stopped.HELD:
        (stopped.room / f"hold-{width}").unlink()
    done = run(*stopped.arguments)
    assert (done.exit_code, done.stderr) == (0, "")
    assert sorted(width for width, _ in stopped.log()[begun:]) == [23, 24, 25, 27]
    assert {name: (stopped.output / name).stat().st_mtime_ns for name in stopped.DONE} == times
    uncut = stopped.output.with_name("uncut")
    assert run("compress", stopped.source, "-o", uncut, "--codec", "gated").exit_code == 0
    assert tree(stopped.output) == tree(uncut)
    assert len(tree(uncut)) == 8


needs_posix = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs process groups and /proc")


@needs_posix
def test_kill_in_the_middle_then_again(run: Run, here: None, stopped: Stopped) -> None:
    assert sorted(tree(stopped.output)) == sorted(stopped.DONE)
    times = {name: (stopped.output / name).stat().st_mtime_ns for name in stopped.DONE}
    os.kill(stopped.process.pid, signal.SIGKILL)  # the command only: nobody tells its workers
    stopped.process.wait()
    stopped.wait(lambda: not stopped.workers())
    assert sorted(tree(stopped.output)) == sorted(stopped.DONE)
    for leftover in (".p24.lpx.0123456789ab.tmp", "sub/.p23.lpx.0123456789ab.tmp"):  # as if killed in mid-write
        (stopped.output / leftover).write_bytes(b"half")
    finish_and_check(run, stopped, times)


@needs_posix
def test_ctrl_c_in_the_middle_then_again(run: Run, here: None, stopped: Stopped) -> None:
    times = {name: (stopped.output / name).stat().st_mtime_ns for name in stopped.DONE}
    os.killpg(stopped.process.pid, signal.SIGINT)  # a terminal sends it to the whole group
    out, err = stopped.process.communicate(timeout=PATIENCE)
    assert stopped.process.returncode == 130
    assert err == "latentpress: stopped with 4 files to go; the same command goes on from here\n"
    assert [line.split()[:3] for line in out.splitlines() if line.startswith("done now")] == [["done", "now", "4"]]
    assert not stopped.workers()
    assert sorted(tree(stopped.output)) == sorted(stopped.DONE)
    finish_and_check(run, stopped, times)
