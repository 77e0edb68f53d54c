"""Long work says how far it is, to whoever listens."""

from __future__ import annotations

import io
import re
import sys

import numpy as np
import pytest

import latentpress
from latentpress.apps import progress_line as module
from latentpress.apps.progress_line import progress_line
from latentpress.image import Image
from latentpress.progress import listening, steps


def test_steps_within_steps() -> None:
    heard: list[float] = []
    with listening(heard.append):
        for part in steps("ab", 2):
            for _ in steps(range(4), 4) if part == "b" else ():
                pass
    assert heard == [0.5, 0.625, 0.75, 0.875, 1.0, 1.0]
    assert list(steps(range(3), 3)) == [0, 1, 2]
    assert len(heard) == 6


@pytest.mark.parametrize(
    "settings", [{"lossless": True}, {"effort": 2}, {"psnr": 33}, {"codec": "lc-fdnet"}], ids=lambda s: next(iter(s))
)
def test_slow_work_has_steps(photograph: Image, settings: dict[str, object]) -> None:
    small = Image(photograph.pixels[:64, :96].copy())
    heard: list[float] = []
    with listening(heard.append):
        data = latentpress.compress(small, **settings)  # type: ignore[arg-type]
    assert len(heard) >= 3
    assert heard == sorted(heard)
    assert data == latentpress.compress(small, **settings)  # type: ignore[arg-type]
    heard.clear()
    with listening(heard.append):
        latentpress.decompress(data)
    assert heard[-1] == pytest.approx(1)


def test_tiles_on_threads_are_steps() -> None:
    wide = Image(np.zeros((8, 5000, 1), np.uint8))
    heard: list[float] = []
    with listening(heard.append):
        latentpress.compress(wide, lossless=True, threads=2)
    assert heard == pytest.approx([0.2, 0.4, 0.6, 0.8, 1.0])


class Terminal(io.StringIO):
    """Standard error as a terminal."""

    def isatty(self) -> bool:
        return True


@pytest.fixture
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_PATIENCE", 0.05)
    monkeypatch.setattr(module, "_EVERY", 0.05)


def spend(seconds: float) -> None:
    import time

    for _ in steps(range(10), 10):
        time.sleep(seconds / 10)


@pytest.mark.usefixtures("impatient")
def test_the_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", Terminal())
    with progress_line("compress", 10**6, quiet=False):
        spend(0.5)
    lines = sys.stderr.getvalue().split("\r\x1b[K")  # type: ignore[attr-defined]
    assert re.fullmatch(r"compress: \d+%, \d+(\.\d+)? megapixels a second, \d s left", lines[-2])
    assert lines[-1] == ""


@pytest.mark.usefixtures("impatient")
@pytest.mark.parametrize(("stream", "quiet"), [(io.StringIO(), False), (Terminal(), True)])
def test_silence(monkeypatch: pytest.MonkeyPatch, stream: io.StringIO, quiet: bool) -> None:
    monkeypatch.setattr(sys, "stderr", stream)
    with progress_line("compress", 10**6, quiet=quiet):
        spend(0.2)
    assert stream.getvalue() == ""
