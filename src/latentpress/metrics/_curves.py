"""Rate-distortion curves: their check, and how much of them two curves share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError

__all__ = ["Vector", "rising", "shared", "warning"]

Vector = NDArray[np.float64]
Values = Sequence[float] | Vector

_LEAST_OVERLAP, _LEAST_POINTS = 0.5, 4


def rising(rates: Values, quality: Values, *, zero_rate: bool = False) -> tuple[Vector, Vector]:
    """(rates, quality) as arrays in rising order; `zero_rate`: a point of no bits is allowed.

    Raises `InvalidInputError` for fewer than two points, rates or qualities out of range, a curve that does not rise.
    """
    rate, q = np.asarray(rates, dtype=np.float64), np.asarray(quality, dtype=np.float64)
    if rate.ndim != 1 or rate.shape != q.shape or rate.size < 2:
        raise InvalidInputError("a rate-distortion curve needs at least two points, each a rate and a quality")
    allowed = rate >= 0 if zero_rate else rate > 0
    if not (np.isfinite(q).all() and np.isfinite(rate).all() and allowed.all()):
        raise InvalidInputError("the rates of a curve must be positive, and its qualities finite")
    order = np.lexsort((q, rate))
    rate, q = rate[order], q[order]
    if (np.diff(rate) <= 0).any() or (np.diff(q) <= 0).any():
        raise InvalidInputError("a rate-distortion curve must rise: more bits, more quality")
    return rate, q


def shared(first: Vector, second: Vector, what: str) -> tuple[float, float, float]:
    """(low, high, overlap) of two rising sequences; overlap: the shared range over the longer of the two ranges."""
    low, high = max(first[0], second[0]), min(first[-1], second[-1])
    if low >= high:
        raise InvalidInputError(f"the two curves share no range of {what}")
    longer = max(first[-1] - first[0], second[-1] - second[0])
    return float(low), float(high), float((high - low) / longer)


def warning(overlap: float, points: int) -> str:
    """Why a comparison of two curves stands on thin ground, in one line; empty where it does not."""
    reasons = []
    if overlap < _LEAST_OVERLAP:
        reasons.append(f"the curves share only {100 * overlap:.0f} % of the longer one's range")
    if points < _LEAST_POINTS:
        reasons.append(f"a curve has only {points} points")
    return "; ".join(reasons)
