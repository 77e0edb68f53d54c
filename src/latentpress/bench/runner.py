"""`run_bench`: coders x qualities x pictures, in several processes, to be stopped and taken up again at any time."""

from __future__ import annotations

import contextlib
import dataclasses
import itertools
import json
import math
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from latentpress import processes
from latentpress.bench.coders import Coder
from latentpress.bench.journal import Journal
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import describe_pictures, read_pixels
from latentpress.bench.results import CoderInfo, Header, Key, Point, Run, in_order, write_results
from latentpress.bench.resume import kept_rows
from latentpress.errors import InvalidInputError, LatentPressError, MissingExtraError, UnsupportedError
from latentpress.metrics import METRICS, bits_per_pixel, measure

__all__ = ["PART", "RESULTS", "Progress", "make_header", "run_bench"]

RESULTS = "results.jsonl"
PART = "results.part.jsonl"
"""Points as they come; taken up by the next run, and removed when `RESULTS` is written."""

Progress = Callable[[int, int], None]
"""Called with (tasks done, all tasks): at the start, then after each. What an earlier run has done is no task."""


def run_bench(
    coders: Sequence[Coder],
    pictures: Mapping[str, Path],
    out: str | Path,
    *,
    metrics: Sequence[str] = ("psnr", "ms-ssim"),
    jobs: int | None = None,
    progress: Progress | None = None,
    missing: Mapping[str, str] | None = None,
    fresh: bool = False,
) -> Run:
    """Measure every coder at all its qualities on every picture; writes ``out/results.jsonl`` and returns it.

    pictures: names and paths, as of `find_pictures`; their folder names the data set. metrics: names in
    `latentpress.metrics.METRICS`, of the decoded picture against the original. jobs: processes, each single-threaded;
    None: one a core. missing: coders that were wanted and could not be had, for the header. fresh: forget what an
    earlier run into the same folder has found; otherwise its points are kept where settings, versions and pixels agree.

    A point that cannot be measured has `Point.error`: the coder refuses the picture or crashes, the decoded picture
    has another shape, or - of a lossless coder - other samples. Such points are tried again by the next run.

    A script that calls this must guard its main part with ``if __name__ == "__main__"``, as processes are spawned.

    Raises InvalidInputError for unknown metrics, coders of one id, no pictures, and a folder that cannot be written to;
    what `latentpress.image.read` raises for a picture; MissingExtraError or UnsupportedError for a metric that cannot
    be computed here.
    """
    _check(coders, pictures, metrics)
    out = Path(out)
    try:
        out.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise InvalidInputError(f"cannot make the folder {out}: {error.strerror or error}") from error
    header = make_header(coders, pictures, metrics=metrics, missing=missing)
    with Journal(out / PART) as journal:
        if fresh:
            journal.clear()
            (out / RESULTS).unlink(missing_ok=True)
        points = kept_rows(Point, (out / RESULTS, out / PART), header, _same_metrics)
        journal.append(header.record())
        # By picture first: each takes about as long as the last, so that the time left can be told, and a worker that
        # gets points of one picture in a row need not read it again.
        keys = [(c.id, name, float(q)) for name in pictures for c in coders for q in c.qualities]
        tasks = [key for key in keys if key not in points]
        meter = _Meter({coder.id: coder for coder in coders}, dict(pictures), tuple(metrics))
        tell = progress or (lambda done, total: None)
        tell(0, len(tasks))
        with contextlib.closing(processes.each(meter, tasks, jobs or processes.usable_cores())) as results:
            for done, (key, found) in enumerate(results, 1):
                point = Point(*key, error=found.reason) if isinstance(found, processes.Lost) else found
                journal.append(point.record())
                points[key] = point
                tell(done, len(tasks))
        run = Run(dataclasses.replace(header, date=now()), in_order(header, points.values()))
        write_results(run, out / RESULTS)
        (out / PART).unlink()
    return run


def make_header(
    coders: Sequence[Coder],
    pictures: Mapping[str, Path],
    *,
    metrics: Sequence[str] = (),
    missing: Mapping[str, str] | None = None,
) -> Header:
    """What a run says of itself. Reads the pictures for their hashes."""
    infos = {
        coder.id: CoderInfo(
            json.loads(json.dumps(coder.settings())),  # as a reader of the file gets them: no tuples
            coder.versions(),
            coder.lossless,
            coder.quality_name,
            tuple(float(quality) for quality in coder.qualities),
        )
        for coder in coders
    }
    dataset = next(iter(pictures.values())).resolve().parent.name
    described = describe_pictures(pictures)
    return Header(now(), machine(), versions(), dataset, described, tuple(metrics), infos, dict(missing or {}))


class _Meter:
    """Measures points, in a worker. It keeps the coders, which open their networks once, and the last picture."""

    def __init__(self, coders: dict[str, Coder], pictures: dict[str, Path], metrics: tuple[str, ...]) -> None:
        self.coders, self.pictures, self.metrics = coders, pictures, metrics
        self._last: tuple[str, NDArray[np.uint8]] | None = None

    def __call__(self, key: Key) -> Point:
        """Measure; whatever goes wrong is in the point."""
        try:
            return self._measure(*key)
        except LatentPressError as error:
            return Point(*key, error=_one_line(str(error)))
        except MemoryError:
            return Point(*key, error="out of memory")
        except Exception as error:
            return Point(*key, error=_one_line(f"{type(error).__name__}: {error}"))

    def _measure(self, id: str, name: str, quality: float) -> Point:
        coder, original = self.coders[id], self._picture(name)
        data = coder.encode(original, quality)
        restored = coder.decode(data)
        if restored.shape != original.shape:
            raise LatentPressError(f"decodes to the shape {restored.shape}, not {original.shape}")
        found: dict[str, float | None] = {}
        if coder.lossless:
            if not np.array_equal(restored, original):
                raise LatentPressError(f"is not lossless: {np.count_nonzero(restored != original)} samples differ")
        else:
            for metric in self.metrics:
                # Some pictures have no such metric: too small for MS-SSIM, say.
                with contextlib.suppress(InvalidInputError, UnsupportedError):
                    value = measure(original, restored, [metric])[metric]
                    found[metric] = value if math.isfinite(value) else None
        height, width, _ = original.shape
        return Point(id, name, quality, len(data), bits_per_pixel(len(data), width, height), found)

    def _picture(self, name: str) -> NDArray[np.uint8]:
        if self._last is None or self._last[0] != name:
            self._last = None  # before the next is read: never two at a time
            self._last = name, read_pixels(self.pictures[name])
        return self._last[1]


def _check(coders: Sequence[Coder], pictures: Mapping[str, Path], metrics: Sequence[str]) -> None:
    """Refuse what cannot be measured, before any work is done."""
    if not coders or not pictures:
        raise InvalidInputError("a benchmark needs at least one coder and one picture")
    for first, second in itertools.pairwise(sorted(coder.id for coder in coders)):
        if first == second:
            raise InvalidInputError(f"the coder {first} is given twice")
    for name in metrics:
        if name not in METRICS:
            raise InvalidInputError(f"no metric is called {name!r}; there are {', '.join(METRICS)}")
        metric = METRICS[name]
        if not metric.available:
            if metric.package:
                raise MissingExtraError(f"the metric {name}", "bench")
            raise UnsupportedError(f"the metric {name} needs the program {metric.command}, which is not installed")


def _same_metrics(then: Header, now: Header) -> bool:
    """Whether two runs' points hold the same numbers for the same files."""
    return then.metrics == now.metrics and then.versions == now.versions


def _one_line(message: str) -> str:
    return " ".join(message.split()) or "failed without a reason"
