"""The grid of rates: anchors at which a variable-rate network has values of its own, and the steps between them.

Networks take a rate as one vector of interpolation weights, whole steps that sum to `STEPS_PER_ANCHOR`, so that what
they interpolate on the integer path is exact. Training has the same in torch (`parts.rate_table`).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["STEPS_PER_ANCHOR", "last_rate", "mix_of", "nearest_anchor"]

STEPS_PER_ANCHOR = 16
"""Rate indices between two anchors. A power of two, so that interpolation weights are exact in binary."""


def last_rate(anchors: int, steps: int = STEPS_PER_ANCHOR) -> int:
    """The largest rate index of so many anchors; the smallest is 0."""
    return (anchors - 1) * steps


def mix_of(rate: int, anchors: int, steps: int = STEPS_PER_ANCHOR) -> NDArray[np.float32]:
    """Interpolation weights (1, anchors) of a rate index, in whole steps; at most two are not zero."""
    distance = np.abs(rate - steps * np.arange(anchors))
    weights: NDArray[np.float32] = np.maximum(steps - distance, 0).astype(np.float32)[None]
    return weights


def nearest_anchor(rate: int, anchors: int, steps: int = STEPS_PER_ANCHOR) -> int:
    """The anchor whose tables a rate index takes; in the middle the upper one."""
    return min((rate + steps // 2) // steps, anchors - 1)
