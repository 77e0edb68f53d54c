"""`time_coders`: how long coders take and how much memory, one at a time with the machine to themselves."""

from __future__ import annotations

import copy
import dataclasses
import math
import statistics
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from latentpress import processes
from latentpress.bench.coders import Coder
from latentpress.bench.journal import Journal
from latentpress.bench.machine import now
from latentpress.bench.memory import with_peak
from latentpress.bench.pictures import read_pixels
from latentpress.bench.results import Header, Run, Time, Timing, in_order, write_results
from latentpress.bench.resume import kept_rows
from latentpress.bench.runner import Progress, make_header
from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.metrics import bits_per_pixel

__all__ = ["RATES", "TIMING", "time_coders", "timed_qualities"]

TIMING = "timing.jsonl"
_PART = "timing.part.jsonl"

RATES = (0.25, 0.5, 1.0)
"""Bits a pixel near which lossy coders are timed."""

_Result = TypeVar("_Result")

_PICTURES = 3
_MOST_REPEATS, _SECONDS = 5, 3.0  # repeats end after so many, or once they have taken so long together


def time_coders(
    coders: Sequence[Coder],
    pictures: Mapping[str, Path],
    out: str | Path,
    *,
    run: Run,
    limit: int = _PICTURES,
    progress: Progress | None = None,
    fresh: bool = False,
) -> Timing:
    """Time encoding and decoding; writes ``out/timing.jsonl`` and returns it.

    run: the results of the same coders and pictures; they tell which qualities come near `RATES`. limit: pictures to
    use, spread evenly over ``pictures``. fresh: forget an earlier pass into the same folder; otherwise its times are
    kept where machine, settings, versions and pixels agree.

    Each encoding and each decoding has a fresh, single-threaded process. Its first call gives the peak memory and
    warms up; the time is the median of up to five more. Nothing else may run meanwhile: that is the caller's business.

    Raises as `run_bench`.
    """
    out = Path(out)
    chosen = _spread(pictures, limit)
    timed = []
    for coder in coders:
        at_rates = copy.copy(coder)
        at_rates.qualities = timed_qualities(run, coder)
        if at_rates.qualities:
            timed.append(at_rates)
    if not timed:
        raise InvalidInputError("there is nothing to time: no coder has a result")
    with Journal(out / _PART) as journal:
        if fresh:
            journal.clear()
            (out / TIMING).unlink(missing_ok=True)
        header = make_header(timed, chosen)
        times = kept_rows(Time, (out / TIMING, out / _PART), header, _same_machine)
        journal.append(header.record())
        keys = [(coder, name, float(q)) for name in chosen for coder in timed for q in coder.qualities]
        tasks = [(coder, name, q) for coder, name, q in keys if (coder.id, name, q) not in times]
        tell = progress or (lambda done, total: None)
        tell(0, len(tasks))
        for done, (coder, name, quality) in enumerate(tasks, 1):
            found = _time(coder, name, chosen[name], quality)
            journal.append(found.record())
            times[found.key] = found
            tell(done, len(tasks))
        timing = Timing(dataclasses.replace(header, date=now()), in_order(header, times.values()))
        write_results(timing, out / TIMING)
        (out / _PART).unlink()
    return timing


def timed_qualities(run: Run, coder: Coder) -> tuple[float, ...]:
    """The coder's qualities whose mean rates come nearest to `RATES` (as a ratio); the only one of a lossless coder."""
    rates: dict[float, list[float]] = {}
    for point in run.points:
        if point.coder == coder.id and not point.error:
            rates.setdefault(point.quality, []).append(math.log(point.bpp))
    means = {quality: statistics.fmean(logs) for quality, logs in rates.items()}
    if not means:
        return ()
    nearest = {min(means, key=lambda quality: abs(means[quality] - math.log(rate))) for rate in RATES}
    return tuple(float(quality) for quality in coder.qualities if quality in nearest)


@dataclass(frozen=True)
class _Call:
    """One encoding or decoding, in its own process. data: what to decode, or None to encode the picture."""

    coder: Coder
    picture: Path
    quality: float
    data: bytes | None


@dataclass(frozen=True)
class _Measured:
    """What a call took; ``data`` is the file."""

    seconds: float
    repeats: int
    peak_mb: float | None
    data: bytes
    pixels: int


def _time(coder: Coder, name: str, path: Path, quality: float) -> Time:
    """Time one picture; whatever goes wrong is in the result."""
    encoded = processes.alone(_measure, _Call(coder, path, quality, None))
    if not isinstance(encoded, _Measured):
        return Time(coder.id, name, quality, error=_reason(encoded))
    decoded = processes.alone(_measure, _Call(coder, path, quality, encoded.data))
    if not isinstance(decoded, _Measured):
        return Time(coder.id, name, quality, error=_reason(decoded))
    return Time(
        coder.id,
        name,
        quality,
        bits_per_pixel(len(encoded.data), encoded.pixels, 1),
        encoded.seconds,
        decoded.seconds,
        min(encoded.repeats, decoded.repeats),
        encoded.peak_mb,
        decoded.peak_mb,
    )


def _measure(call: _Call) -> _Measured | str:
    """Measure a call, or say what is wrong. A decoder's process does not read the picture: it would count."""
    try:
        if call.data is not None:
            data = call.data
            _, seconds, repeats, peak = _repeated(lambda: call.coder.decode(data))
            return _Measured(seconds, repeats, peak, data, 0)
        pixels = read_pixels(call.picture)
        data, seconds, repeats, peak = _repeated(lambda: call.coder.encode(pixels, call.quality))
        return _Measured(seconds, repeats, peak, data, pixels.shape[0] * pixels.shape[1])
    except LatentPressError as error:
        return " ".join(str(error).split())
    except Exception as error:
        return " ".join(f"{type(error).__name__}: {error}".split())


def _repeated(work: Callable[[], _Result]) -> tuple[_Result, float, int, float | None]:
    """(result, median seconds, repeats, megabytes): the first call gives the memory, those after it the time."""
    result, peak = with_peak(work)
    seconds: list[float] = []
    while len(seconds) < _MOST_REPEATS and sum(seconds) < _SECONDS:
        start = time.perf_counter()
        work()
        seconds.append(time.perf_counter() - start)
    return result, statistics.median(seconds), len(seconds), peak


def _spread(pictures: Mapping[str, Path], limit: int) -> dict[str, Path]:
    """At most ``limit`` pictures, one from the middle of each of as many equal parts of the list."""
    names = list(pictures)
    count = min(limit, len(names))
    return {name: pictures[name] for name in (names[(2 * i + 1) * len(names) // (2 * count)] for i in range(count))}


def _same_machine(then: Header, now: Header) -> bool:
    """Whether times of two runs may stand beside each other."""
    return then.machine == now.machine and then.versions == now.versions


def _reason(result: str | processes.Lost | _Measured) -> str:
    return result.reason if isinstance(result, processes.Lost) else str(result)
