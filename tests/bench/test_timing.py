"""`time_coders`: where it measures, what it writes, and that peak memory is what was really taken."""

from __future__ import annotations

import importlib
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from latentpress import processes
from latentpress.bench.coders import get_coder
from latentpress.bench.memory import with_peak
from latentpress.bench.pictures import find_pictures
from latentpress.bench.results import Point, Run, Time, read_timing
from latentpress.bench.runner import make_header
from latentpress.bench.timing import time_coders, timed_qualities
from latentpress.errors import InvalidInputError
from latentpress.image import Image, write

HERE = Path(__file__).parent


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class `FakeCoder`, importable in worker processes too."""
    monkeypatch.syspath_prepend(str(HERE))
    return importlib.import_module("fake_coders").FakeCoder


@pytest.fixture
def pictures(tmp_path: Path) -> dict[str, Path]:
    """Seven small pictures."""
    place = tmp_path / "set"
    place.mkdir()
    for name in "abcdefg":
        write(Image(np.full((8, 9, 3), ord(name), np.uint8)), place / f"{name}.png")
    return find_pictures(place)


def run_of(coders: list[Any], pictures: dict[str, Path], rates: dict[tuple[str, float], float]) -> Run:
    """A run with the same rate on every picture."""
    points = [Point(id, name, q, 1, bpp, {"psnr": 30.0}) for (id, q), bpp in rates.items() for name in pictures]
    return Run(make_header(coders, pictures, metrics=["psnr"]), tuple(points))


def test_qualities_are_those_nearest_the_rates(pictures: dict[str, Path]) -> None:
    coder = get_coder("jpeg-420")
    rates = dict(zip(coder.qualities, (0.01, 0.2, 0.3, 0.4, 0.9, 1.2, 2.0, 3.0, 4.0), strict=True))
    run = run_of([coder], pictures, {("jpeg-420", q): rate for q, rate in rates.items()})
    # ratios, not differences: 0.25 lies nearer to 0.3 than to 0.2; 0.5 to 0.4; 1.0 to 0.9
    assert timed_qualities(run, coder) == (20.0, 35.0, 50.0)
    few = run_of([coder], pictures, {("jpeg-420", 5.0): 0.3})
    assert timed_qualities(few, coder) == (5.0,)
    assert timed_qualities(few, get_coder("webp")) == ()


def test_times_of_spread_pictures(pictures: dict[str, Path], tmp_path: Path, fake: Any) -> None:
    coders = [fake("refuse", "refuse"), get_coder("png"), get_coder("jpeg-420")]
    rates = {("refuse", 64.0): 0.5, ("png", 100.0): 9.0, ("jpeg-420", 20.0): 0.3}
    run = run_of(coders, pictures, rates)
    told: list[tuple[int, int]] = []
    timing = time_coders(coders, pictures, tmp_path, run=run, progress=lambda *now: told.append(now))
    assert timing == read_timing(tmp_path / "timing.jsonl")
    assert told == [(done, 9) for done in range(10)]
    keys = [(id, name, q) for id, q in (("refuse", 64.0), ("png", 100.0), ("jpeg-420", 20.0)) for name in "bdf"]
    assert [time.key for time in timing.times] == keys
    assert {time.error for time in timing.times[:3]} == {"refuse takes no wide pictures"}
    data = coders[2].encode(np.full((8, 9, 3), ord("d"), np.uint8), 20)
    assert timing.times[-2].bpp == 8 * len(data) / 72
    for time in timing.times[3:]:
        assert time.encode_seconds > 0
        assert time.decode_seconds > 0
        assert time.repeats == 5
    assert timing.header.coders["jpeg-420"].qualities == (20.0,)
    assert list(timing.header.pictures) == ["b", "d", "f"]
    assert not (tmp_path / "timing.part.jsonl").exists()

    told.clear()
    again = time_coders(coders, pictures, tmp_path, run=run, progress=lambda *now: told.append(now))
    assert told == [(done, 3) for done in range(4)]  # only those that failed
    assert again.times == timing.times


def test_nothing_to_time(pictures: dict[str, Path], tmp_path: Path) -> None:
    coder = get_coder("png")
    with pytest.raises(InvalidInputError, match="nothing to time"):
        time_coders([coder], pictures, tmp_path, run=run_of([coder], pictures, {}))


@pytest.mark.skipif(sys.platform != "linux", reason="peaks of single calls are known on Linux only")
def test_memory_is_what_was_taken(pictures: dict[str, Path], tmp_path: Path, fake: Any) -> None:
    coders = [fake("plain"), fake("large", "memory")]
    run = run_of(coders, pictures, {(coder.id, 16.0): 0.5 for coder in coders})
    one = dict(list(pictures.items())[:1])
    plain, large = time_coders(coders, one, tmp_path, run=run).times
    assert isinstance(plain, Time)
    # the array of 300 MB counts in encoding, and nothing but noise in decoding
    assert 290 < large.encode_peak_mb - plain.encode_peak_mb < 320
    assert abs(large.decode_peak_mb - plain.decode_peak_mb) < 20
    assert 10 < plain.encode_peak_mb < 200


def _start_program(size: int) -> float | None:
    program = f"import time; data = bytearray(b'x') * {size}; time.sleep(0.2)"
    return with_peak(lambda: subprocess.run([sys.executable, "-c", program], check=True))[1]


@pytest.mark.skipif(sys.platform != "linux", reason="other systems do not tell")
def test_memory_of_programs_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.syspath_prepend(str(HERE))
    test = importlib.import_module("test_timing")  # under a name that the worker can import
    small, large = (processes.alone(test._start_program, size) for size in (1, 200_000_000))
    assert isinstance(small, float)
    assert isinstance(large, float)
    assert 190 < large - small < 215
