"""Bjontegaard delta rate: how many per cent more bits a codec needs for the same quality (VCEG-M33, 2001)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from latentpress._extras import needs_extra
from latentpress.errors import InvalidInputError

__all__ = ["BDRate", "bd_rate"]


class BDRate(NamedTuple):
    """percent: mean change in rate at equal quality (negative: fewer bits). low, high: the shared quality range."""

    percent: float
    low: float
    high: float


def bd_rate(
    anchor_rates: Sequence[float], anchor_quality: Sequence[float], rates: Sequence[float], quality: Sequence[float]
) -> BDRate:
    """The BD-rate of a codec's curve (`rates`, `quality`) against an anchor's.

    log(rate) is interpolated over quality (in dB, say) by monotone cubics (PCHIP), and the difference is
    averaged over the range of quality that both curves cover. Points may come in any order.

    Raises `InvalidInputError` for curves of fewer than two points, rates that are not positive, curves that are not
    strictly rising, or ranges that do not meet; `MissingExtraError` without SciPy.
    """
    with needs_extra("BD-rate", "bench"):
        from scipy.interpolate import PchipInterpolator
    anchor, other = _curve(anchor_rates, anchor_quality), _curve(rates, quality)
    low, high = max(anchor[0][0], other[0][0]), min(anchor[0][-1], other[0][-1])
    if low >= high:
        raise InvalidInputError("the two curves share no range of quality")
    areas = [float(PchipInterpolator(q, log_rate).integrate(low, high)) for q, log_rate in (anchor, other)]
    return BDRate(100.0 * float(np.expm1((areas[1] - areas[0]) / (high - low))), float(low), float(high))


def _curve(rates: Sequence[float], quality: Sequence[float]) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """(quality, log rate), in rising order."""
    rate, q = np.asarray(rates, dtype=np.float64), np.asarray(quality, dtype=np.float64)
    if rate.ndim != 1 or rate.shape != q.shape or rate.size < 2:
        raise InvalidInputError("a rate-distortion curve needs at least two points, each a rate and a quality")
    if not (np.isfinite(q).all() and np.isfinite(rate).all() and (rate > 0).all()):
        raise InvalidInputError("the rates of a curve must be positive, and its qualities finite")
    order = np.lexsort((q, rate))
    rate, q = rate[order], q[order]
    if (np.diff(rate) <= 0).any() or (np.diff(q) <= 0).any():
        raise InvalidInputError("a rate-distortion curve must rise: more bits, more quality")
    return q, np.log(rate)
