"""Rows of a printed table whose systems are coders here: measured at equal rates, beside what was printed."""

from __future__ import annotations

import math
import tempfile
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from latentpress.bench.coders import get_coder
from latentpress.bench.curves import Curve, PointTable, compare_curves
from latentpress.bench.machine import machine, now, versions
from latentpress.bench.pictures import find_pictures
from latentpress.bench.runner import run_bench
from latentpress.bench.selection import with_qualities
from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.studies.base import Request

__all__ = ["ANCHOR", "Row", "measure_rows", "number", "percent"]

ANCHOR = "jpeg-420"
_METRICS = ("psnr", "ssim", "ms-ssim")
_POINTS = 5  # qualities of a coder that has more


@dataclass(frozen=True)
class Row:
    """A row of the table. ``label``: as printed; ``printed``: its cells. ``coder``: what stands for it here, an id of
    the benchmark, or nothing. ``rate``: bits a pixel at which it is read, or None. ``remark``: how ``coder`` differs
    from the row's system, or why there is none.
    """

    label: str
    printed: tuple[str, ...]
    coder: str = ""
    rate: float | None = None
    remark: str = ""


def measure_rows(rows: Sequence[Row], request: Request, name: str) -> dict[str, Any]:
    """Measure the rows' coders and JPEG on a folder of pictures, at five of their qualities.

    Returns what a result's ``data`` holds: circumstances, and for each row BD-rates against JPEG 4:2:0 (per cent, PSNR
    and MS-SSIM), and at the row's rate PSNR, SSIM and MS-SSIM of it and of JPEG; None where curves do not reach.
    Raises InvalidInputError unless there is one folder of pictures.
    """
    if len(request.data) != 1:
        raise InvalidInputError(f"{name} takes one --data folder: pictures such as the Kodak set")
    pictures = find_pictures(request.data[0])
    coders, missing = {ANCHOR: get_coder(ANCHOR)}, {}
    for id in sorted({row.coder for row in rows if row.coder} - {ANCHOR}):
        try:
            coders[id] = get_coder(id)
        except LatentPressError as error:
            missing[id] = str(error)
            request.say(f"left out: {id} ({error})")
    spread = [with_qualities(one, _spread(one.qualities)) for id, one in coders.items()]
    with tempfile.TemporaryDirectory() as folder:
        run = run_bench(spread, pictures, Path(folder), metrics=_METRICS, jobs=1, progress=_telling(request))
    tables = {id: PointTable(run, id) for id in coders}
    found = [_measured(row, tables) for row in rows]
    return {
        "study": name,
        "date": now(),
        "machine": machine(),
        "versions": versions(),
        "pictures": list(pictures),
        "missing": missing,
        "rows": [asdict(row) | {"measured": one} for row, one in zip(rows, found, strict=True)],
    }


def _spread(qualities: Sequence[float]) -> list[float]:
    """Some of the qualities, the ends among them."""
    if len(qualities) <= _POINTS:
        return list(qualities)
    return [qualities[round(place)] for place in np.linspace(0, len(qualities) - 1, _POINTS)]


def _telling(request: Request) -> Any:
    def tell(done: int, total: int) -> None:
        if done % 50 == 0 or done == total:
            request.say(f"measured: {done} of {total}")

    return tell


def _measured(row: Row, tables: Mapping[str, PointTable]) -> dict[str, Any] | None:
    if row.coder not in tables:
        return None
    own, anchor = (
        {metric: _curve(tables[id], metric) for metric in (*_METRICS, "ms-ssim-db")} for id in (row.coder, ANCHOR)
    )
    found: dict[str, Any] = {
        "bd_rate_psnr": compare_curves(anchor["psnr"], own["psnr"]).percent,
        "bd_rate_ms_ssim": compare_curves(anchor["ms-ssim-db"], own["ms-ssim-db"]).percent,
    }
    if row.rate is not None:
        rate = row.rate
        found["at_rate"] = {metric: _at(own[metric], rate) for metric in _METRICS}
        found["jpeg_at_rate"] = {metric: _at(anchor[metric], rate) for metric in _METRICS}
    return found


def _curve(table: PointTable, metric: str) -> Curve:
    return table.mean_curve(table.pictures_with(metric), metric)


def _at(curve: Curve, rate: float) -> float | None:
    """The metric at a rate, linear in the logarithm of the rate between the curve's points; None outside of it."""
    points = sorted(curve)
    if not points or not points[0][0] <= rate <= points[-1][0]:
        return None
    return float(np.interp(math.log(rate), [math.log(bpp) for bpp, _ in points], [value for _, value in points]))


def number(value: float | None, form: str) -> str:
    """A cell: the value, or a dash."""
    return "-" if value is None else format(value, form)


def percent(value: float | None) -> str:
    """A cell: a difference in per cent, or a dash."""
    return "-" if value is None else f"{value:+.1f} %"
