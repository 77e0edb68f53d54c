"""Bjontegaard's deltas between two rate-distortion curves (VCEG-M33, 2001), with monotone cubics (PCHIP).

The report fitted one cubic polynomial through four points; PCHIP goes through any number of points, and never
overshoots them.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError
from latentpress.metrics._curves import Values, Vector, rising, shared, warning

__all__ = ["BDQuality", "BDRate", "bd_psnr", "bd_rate"]


class BDRate(NamedTuple):
    """What `bd_rate` found.

    percent: mean change in rate at equal quality, in per cent, over -100; lower is better (negative: fewer bits).
    low, high: the quality range it is taken over. overlap: the shared range over the longer of the two curves' ranges,
    0 to 1. points: of the curve that has fewer.
    """

    percent: float
    low: float
    high: float
    overlap: float
    points: int

    @property
    def thin(self) -> bool:
        """True if the shared range is under half of either curve's, or a curve has fewer than 4 points."""
        return bool(self.warning)

    @property
    def warning(self) -> str:
        """Why the number is `thin`, in one line to print beside it; empty where it is not."""
        return warning(self.overlap, self.points)


class BDQuality(NamedTuple):
    """What `bd_psnr` found.

    change: mean change in quality at equal rate, in the curves' unit of quality (dB); higher is better.
    low, high: the shared range of rates. overlap: that range over the longer of the two, both in log(rate), 0 to 1.
    points: of the curve that has fewer.
    """

    change: float
    low: float
    high: float
    overlap: float
    points: int

    @property
    def thin(self) -> bool:
        """True if the shared range is under half of either curve's, or a curve has fewer than 4 points."""
        return bool(self.warning)

    @property
    def warning(self) -> str:
        """Why the number is `thin`, in one line to print beside it; empty where it is not."""
        return warning(self.overlap, self.points)


def bd_rate(
    anchor_rates: Values,
    anchor_quality: Values,
    rates: Values,
    quality: Values,
    window: tuple[float, float] | None = None,
) -> BDRate:
    """The BD-rate of a codec's curve (`rates`, `quality`) against an anchor's.

    log(rate) is interpolated over quality (in dB, say; higher must be better), and the difference is averaged over the
    range of quality that both curves cover, or over `window` (low, high), which makes BD-rates of several codecs
    comparable: codecs gain more at some qualities than at others. Points may come in any order.

    Raises `InvalidInputError` for curves of fewer than two points, rates that are not positive, curves that are not
    strictly rising, ranges that do not meet, or a window that one of the curves does not cover; `MissingExtraError`
    without SciPy.
    """
    anchor_rate, anchor_q = rising(anchor_rates, anchor_quality)
    rate, q = rising(rates, quality)
    low, high, overlap = shared(anchor_q, q, "quality")
    if window is not None:
        if window[0] < low or window[1] > high:
            raise InvalidInputError(f"the curves cover {low:.2f}-{high:.2f}, not all of {window[0]:g}-{window[1]:g}")
        low, high = window
    change = _mean(q, np.log(rate), low, high) - _mean(anchor_q, np.log(anchor_rate), low, high)
    return BDRate(100.0 * float(np.expm1(change)), low, high, overlap, min(len(rate), len(anchor_rate)))


def bd_psnr(anchor_rates: Values, anchor_quality: Values, rates: Values, quality: Values) -> BDQuality:
    """The BD-PSNR of a codec's curve (`rates`, `quality`) against an anchor's; any quality may stand for PSNR.

    Quality is interpolated over log(rate), and the difference is averaged over the log(rate) that both curves cover.
    Arguments and errors as in `bd_rate`.
    """
    anchor_rate, anchor_q = rising(anchor_rates, anchor_quality)
    rate, q = rising(rates, quality)
    anchor_log, log = np.log(anchor_rate), np.log(rate)
    low, high, overlap = shared(anchor_log, log, "rates")
    change = _mean(log, q, low, high) - _mean(anchor_log, anchor_q, low, high)
    # The ends are points of the curves: given back as they came, not through exp(log).
    ends = max(anchor_rate[0], rate[0]), min(anchor_rate[-1], rate[-1])
    return BDQuality(change, float(ends[0]), float(ends[1]), overlap, min(len(rate), len(anchor_rate)))


def _mean(x: Vector, y: Vector, low: float, high: float) -> float:
    """The mean of the PCHIP curve through (x, y) over low..high."""
    with needs_extra("BD-rate", "bench"):
        from scipy.interpolate import PchipInterpolator
    return float(PchipInterpolator(x, y).integrate(low, high)) / (high - low)
