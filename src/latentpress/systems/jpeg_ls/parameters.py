"""What the loop over samples needs to know, from the largest value and the bound on the error (T.87, C.2.4)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["RESET", "parameters"]

RESET = 64
"""Samples after which a context's counts are halved."""


def parameters(largest: int, near: int) -> NDArray[np.int64]:
    """Largest value, bound, range of residuals, bits of one, longest code word, and the thresholds T1, T2, T3 between
    gradients, for samples 0 .. largest (255 or more) that may be wrong by ``near`` (at most ``largest`` / 2).
    """
    values = (largest + 2 * near) // (2 * near + 1) + 1
    bits, sample_bits = (values - 1).bit_length(), max(2, largest.bit_length())
    longest = 2 * (sample_bits + max(8, sample_bits))
    factor, floor = (min(largest, 4095) + 128) // 256, near + 1
    thresholds: list[int] = []
    for basic, more in ((3, 3), (7, 5), (21, 7)):
        wanted = factor * (basic - len(thresholds) - 2) + len(thresholds) + 2 + more * near
        floor = floor if not floor <= wanted <= largest else wanted
        thresholds.append(floor)
    return np.array([largest, near, values, bits, longest, *thresholds], np.int64)
