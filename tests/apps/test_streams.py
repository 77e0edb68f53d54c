"""Slow and cut streams: a pipe that drips gives the same picture, one that ends early or is closed gives one line."""

from __future__ import annotations

import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from latentpress.image import read

GOLDEN = Path(__file__).parents[1] / "golden" / "hyperprior-3-rgb-63x65-q100"
COMMAND = [sys.executable, "-m", "latentpress", "decompress", "-"]


@pytest.mark.parametrize("whole", [True, False])
def test_a_pipe_that_drips(whole: bool, tmp_path: Path) -> None:
    data = GOLDEN.with_suffix(".lpx").read_bytes()
    data = data if whole else data[: len(data) // 2]
    process = subprocess.Popen([*COMMAND, str(tmp_path / "a.png")], stdin=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdin is not None

    def drip() -> None:
        with process.stdin as pipe:  # type: ignore[union-attr]
            for start in range(0, len(data), 97):
                pipe.write(data[start : start + 97])
                pipe.flush()
                time.sleep(0.01)

    thread = threading.Thread(target=drip)
    thread.start()
    status = process.wait(120)
    thread.join()
    assert process.stderr is not None
    said = process.stderr.read().decode()
    process.stderr.close()
    if whole:
        assert status == 0, said
        assert abs(read(tmp_path / "a.png").pixels.astype(int) - read(GOLDEN.with_suffix(".png")).pixels).max() <= 1
    else:
        assert (status, said) == (2, "latentpress: standard input: the file is cut short\n")
        assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(sys.platform == "win32", reason="pipes")
def test_a_reader_that_leaves() -> None:
    command = [*COMMAND[:-1], str(GOLDEN.with_suffix(".lpx")), "-"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
    assert process.stdout is not None
    process.stdout.close()
    _, said = process.communicate(timeout=120)
    assert process.returncode == 1
    assert said == b"latentpress: cannot write standard output: Broken pipe\n"
