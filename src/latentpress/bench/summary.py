"""`summarise`: the numbers that people look at - BD-rates, mean curves, lossless rates, times - from a run's points."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from latentpress.atomic import atomic_output
from latentpress.bench.curves import BPP_RANGE, Curve, PointTable, compare_curves
from latentpress.bench.published import is_kodak, published_curves
from latentpress.bench.results import Run, Time, Timing
from latentpress.errors import InvalidInputError

__all__ = ["KODAK_WINDOW", "choose_anchor", "summarise", "write_summary"]

_METRICS = {"psnr": "psnr", "ms-ssim": "ms-ssim-db"}
"""Metrics of a run that get a BD-rate, and the decibels on which it is taken."""

KODAK_WINDOW = (30.45, 36.65)
"""dB of PSNR over which BD-rates on the Kodak pictures are taken beside the shared range: every published curve that
people compare with has points on both sides of it.
"""

_TIMED_AT = 0.5  # bits a pixel near which lossy coders' times are told

_USUAL_ANCHOR = "jpeg-420"


def choose_anchor(lossy: Sequence[str], anchor: str | None) -> str | None:
    """The anchor of BD-rates among lossy coders: the one asked for, else jpeg-420, else the first; None of none.

    Raises InvalidInputError for an anchor that is not among them.
    """
    if anchor is not None and anchor not in lossy:
        raise InvalidInputError(
            f"the anchor {anchor} is not among the lossy coders measured: {', '.join(lossy) or 'there are none'}"
        )
    if anchor is None and lossy:
        return _USUAL_ANCHOR if _USUAL_ANCHOR in lossy else lossy[0]
    return anchor


def summarise(run: Run, anchor: str | None = None, timing: Timing | None = None) -> dict[str, Any]:
    """Sum up a run, JSON-able, with everything that a page about it needs.

    anchor: the coder that the others are compared with; None: see `choose_anchor`.

    ``anchor``; ``window``: `KODAK_WINDOW` or null; ``bpp_range`` of the points of mean curves; ``run`` and ``timing``
    (null without): the header lines;
    ``errors``: how many points failed, by coder; ``published``: curves of others with their own ``bd_rate``, for the
    Kodak pictures only; ``coders``, by id:

    - ``lossless``; ``pictures``: on how many it has all its points, which are those of its means;
    - ``mean_bpp`` of a lossless coder, else null; ``curve``: the mean points of a lossy one;
    - ``bd_rate``, by ``psnr`` and ``ms-ssim-db``;
    - ``encode_seconds``, ``decode_seconds``: of a megapixel, the median over the pictures timed, at the quality nearest
      0.5 bpp; ``encode_peak_mb``, ``decode_peak_mb``: the largest there; null where nothing was timed.

    A BD-rate is ``of_mean_curve`` (means over pictures of rate and of PSNR in dB at each quality, BD-rate once;
    ``overlap`` is the range of quality in dB), ``on_window`` (the same over ``window``, by PSNR on the Kodak pictures
    only) and ``mean_of_pictures`` (each picture's own, from all its points: ``per_picture``); per cent, null where the
    curves do not compare; ``warnings`` say what to mind.

    Raises InvalidInputError for an anchor that is no lossy coder of the run, MissingExtraError without SciPy.
    """
    header = run.header
    chosen = choose_anchor([id for id, coder in header.coders.items() if not coder.lossless], anchor)
    tables = {id: PointTable(run, id) for id in header.coders}
    base = tables[chosen] if chosen is not None else None
    window = KODAK_WINDOW if is_kodak(header.pictures) else None
    coders = {}
    for id, table in tables.items():
        info = header.coders[id]
        entry: dict[str, Any] = {"lossless": info.lossless, "pictures": len(table.whole), "mean_bpp": None}
        entry |= {"bd_rate": {}, "curve": []}
        if info.lossless:
            entry["mean_bpp"] = table.means(info.qualities[0], ())["bpp"]
        else:
            metrics = _with_decibels(header.metrics)
            means = [{"quality": quality, **table.means(quality, metrics)} for quality in info.qualities]
            entry["curve"] = [point for point in means if point["bpp"] is not None]
            if base is not None:
                entry["bd_rate"] = {
                    name: _bd_rates(base, table, name, len(header.pictures), window if name == "psnr" else None)
                    for metric, name in _METRICS.items()
                    if metric in header.metrics
                }
        coders[id] = entry | _times(run, id, timing)
    failed = [point.coder for point in run.points if point.error]
    return {
        "anchor": chosen,
        "window": list(window) if window else None,
        "bpp_range": list(BPP_RANGE),
        "run": header.record(),
        "timing": timing.header.record() if timing else None,
        "errors": {id: failed.count(id) for id in header.coders if id in failed},
        "coders": coders,
        "published": _published(base, run, window) if window else [],
    }


def write_summary(summary: dict[str, Any], path: str | Path) -> None:
    """Write a summary as JSON; the file appears whole or not at all."""
    with atomic_output(path) as stream:
        stream.write((json.dumps(summary, indent=1, allow_nan=False, ensure_ascii=False) + "\n").encode())


def _bd_rates(
    base: PointTable, table: PointTable, metric: str, pictures: int, window: tuple[float, float] | None
) -> dict[str, Any]:
    """BD-rate against the anchor, of the mean curve and of each picture."""
    theirs = set(base.pictures_with(metric))
    common = [name for name in table.pictures_with(metric) if name in theirs]
    whole = compare_curves(base.mean_curve(common, metric), table.mean_curve(common, metric), window)
    warnings = list(whole.warnings)
    if len(common) < pictures:
        warnings.insert(
            0, f"from {len(common)} of {pictures} pictures: on the others a coder failed or the metric is not defined"
        )
    each = {name: compare_curves(base.curve(name, metric), table.curve(name, metric)) for name in common}
    own = {name: found.percent for name, found in each.items() if found.percent is not None}
    if len(own) < len(common):
        warnings.append(f"{len(common) - len(own)} pictures have no BD-rate of their own: no shared range")
    thin = sum(bool(found.warnings) for name, found in each.items() if name in own)
    if thin:
        warnings.append(f"{thin} of the pictures' own BD-rates stand on thin ground")
    return {
        "of_mean_curve": whole.percent,
        "on_window": whole.windowed,
        "mean_of_pictures": statistics.fmean(own.values()) if own else None,
        "per_picture": own,
        "overlap": list(whole.overlap) if whole.overlap else None,
        "warnings": warnings,
    }


def _published(base: PointTable | None, run: Run, window: tuple[float, float]) -> list[dict[str, Any]]:
    """The published curves, with BD-rates of their PSNR against the anchor."""
    entries = []
    for published in published_curves():
        entry: dict[str, Any] = {
            "name": published.name,
            "source": published.source,
            "points": [list(point) for point in published.points],
            "bd_rate": None,
        }
        if base is not None and "psnr" in run.header.metrics:
            low, high = BPP_RANGE
            curve: Curve = [point for point in published.points if low <= point[0] <= high]
            found = compare_curves(base.mean_curve(base.pictures_with("psnr"), "psnr"), curve, window)
            entry["bd_rate"] = {
                "of_mean_curve": found.percent,
                "on_window": found.windowed,
                "overlap": list(found.overlap) if found.overlap else None,
                "warnings": list(found.warnings),
            }
        entries.append(entry)
    return entries


def _times(run: Run, id: str, timing: Timing | None) -> dict[str, float | None]:
    """Times a megapixel and peak memory of one coder, at the quality whose rate comes nearest to `_TIMED_AT`."""
    names = ("encode_seconds", "decode_seconds", "encode_peak_mb", "decode_peak_mb")
    times = [time for time in timing.times if time.coder == id and not time.error] if timing else []
    if not times:
        return dict.fromkeys(names)

    def distance(quality: float) -> float:
        rates = [math.log(time.bpp / _TIMED_AT) for time in times if time.quality == quality]
        return abs(statistics.fmean(rates))

    nearest = min({time.quality for time in times}, key=distance)
    at = [time for time in times if time.quality == nearest]
    return {
        "encode_seconds": statistics.median(time.encode_seconds / _megapixels(run, time) for time in at),
        "decode_seconds": statistics.median(time.decode_seconds / _megapixels(run, time) for time in at),
        "encode_peak_mb": _largest([time.encode_peak_mb for time in at]),
        "decode_peak_mb": _largest([time.decode_peak_mb for time in at]),
    }


def _megapixels(run: Run, time: Time) -> float:
    picture = run.header.pictures[time.picture]
    return picture.width * picture.height / 1e6


def _largest(values: Sequence[float | None]) -> float | None:
    known = [value for value in values if value is not None]
    return max(known) if known else None


def _with_decibels(metrics: Sequence[str]) -> list[str]:
    """The run's metrics, and MS-SSIM in dB beside MS-SSIM."""
    return list(dict.fromkeys([name for metric in metrics for name in (metric, _METRICS.get(metric, metric))]))
