"""The numbers of a benchmark as the page takes them: curves, BD-rates, times. JSON-able, no infinity in it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from latentpress.bench.report.matching import Sample
from latentpress.bench.results import Point, Run
from latentpress.metrics import similarity_db

__all__ = ["METRICS", "MEAN", "finite", "point_row", "report_tables", "samples_of"]

METRICS = {"psnr": "PSNR", "ms-ssim-db": "MS-SSIM"}
"""The metrics that the page plots, both in dB, by their names in a summary."""

MEAN = ""
"""Name of the curves over all pictures; no picture has it."""

Row = list[float | None]
"""A point on a curve: quality, bpp, PSNR, MS-SSIM in dB."""


def finite(value: float | None) -> float | None:
    """A number for JSON: None where it is infinite, six digits where it is not."""
    return float(f"{value:.6g}") if value is not None and math.isfinite(value) else None


def point_row(quality: float, bpp: float, metrics: Mapping[str, Any]) -> Row:
    """A point on a curve, from metrics under the names of `latentpress.metrics.METRICS`."""
    similarity = metrics.get("ms-ssim-db")
    if similarity is None and metrics.get("ms-ssim") is not None:
        similarity = similarity_db(metrics["ms-ssim"])
    return [quality, finite(bpp), finite(metrics.get("psnr")), finite(similarity)]


def samples_of(run: Run, picture: str) -> dict[str, list[Sample]]:
    """The measured points of one picture by lossy coder, without those that failed."""
    found: dict[str, list[Sample]] = {}
    for point in run.points:
        psnr = point.metrics.get("psnr")
        if point.picture == picture and not _lossless(run, point) and not point.error and psnr is not None:
            found.setdefault(point.coder, []).append(Sample(point.quality, point.bpp, psnr))
    return found


def report_tables(run: Run, summary: Mapping[str, Any]) -> dict[str, Any]:
    """All of the page's numbers but those of the pictures that it shows.

    Keys: dataset, date, machine, versions, anchor, metrics, coders, missing, errors, curves (by picture, then coder),
    table (a row a coder), published.
    """
    header = run.header
    curves: dict[str, dict[str, list[Row]]] = {MEAN: {}}
    for id, found in summary["coders"].items():
        if not found["lossless"]:
            curves[MEAN][id] = [point_row(point["quality"], point["bpp"], point) for point in found["curve"]]
    for point in run.points:
        if not point.error and not _lossless(run, point):
            rows = curves.setdefault(point.picture, {}).setdefault(point.coder, [])
            rows.append(point_row(point.quality, point.bpp, point.metrics))
    return {
        "dataset": header.dataset,
        "date": header.date,
        "machine": header.machine,
        "versions": header.versions,
        "anchor": summary["anchor"],
        "window": summary.get("window"),
        "metrics": [
            {"id": id, "name": name}
            for place, (id, name) in enumerate(METRICS.items(), start=2)
            if any(row[place] is not None for rows in curves[MEAN].values() for row in rows)
        ],
        "coders": {
            id: {
                "settings": info.settings,
                "versions": info.versions,
                "lossless": info.lossless,
                "quality": info.quality_name,
            }
            for id, info in header.coders.items()
        },
        "missing": header.missing,
        "errors": [
            {"coder": point.coder, "picture": point.picture, "quality": point.quality, "error": point.error}
            for point in run.points
            if point.error
        ],
        "curves": curves,
        "table": [_table_row(id, found) for id, found in summary["coders"].items()],
        "published": [
            {
                "name": curve["name"],
                "source": curve["source"],
                "points": curve["points"],
                "bd": {"psnr": _bd(curve["bd_rate"])} if curve.get("bd_rate") else {},
            }
            for curve in summary["published"]
        ],
    }


def _table_row(id: str, found: Mapping[str, Any]) -> dict[str, Any]:
    """What the tables and the plot of times say of one coder."""
    row: dict[str, Any] = {
        "coder": id,
        "lossless": found["lossless"],
        "bpp": finite(found["mean_bpp"]),
        "encode": finite(found["encode_seconds"]),
        "decode": finite(found["decode_seconds"]),
        "bd": {},
    }
    for metric in METRICS:
        if found["bd_rate"].get(metric):
            row["bd"][metric] = _bd(found["bd_rate"][metric])
    return row


def _bd(found: Mapping[str, Any]) -> dict[str, Any]:
    """A BD-rate: of the mean curve and as the mean of pictures, in per cent; the shared range in dB; warnings."""
    return {
        "curve": finite(found["of_mean_curve"]),
        "pictures": finite(found.get("mean_of_pictures")),
        "window": finite(found.get("on_window")),
        "overlap": found["overlap"],
        "warnings": found["warnings"],
    }


def _lossless(run: Run, point: Point) -> bool:
    """Whether the point is of a coder that has no curve."""
    return run.header.coders[point.coder].lossless
