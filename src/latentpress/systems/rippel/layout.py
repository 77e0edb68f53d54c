"""What writer and reader agree on: bits of a code, and the contexts of its bit planes."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["AIM", "LARGEST", "OWN", "PLANES", "SIZES", "context"]

PLANES = 7
"""Bit planes of a magnitude; with the sign a code has eight bits. The paper has six, which full colours over large
places do not fit into; planes above the largest code cost next to nothing.
"""

LARGEST = 2**PLANES - 1

AIM = 31
"""What training keeps codes within: the paper's six bits."""

_NEAR = np.array([1, 2, 3, 4, 6, 8, 12], np.int32)  # edges of classes: what is known of the four neighbours
OWN = 3  # of a code itself so far: nothing, one bit, more

SIZES = OWN * (_NEAR.size + 1) * 3
"""Contexts of a plane."""

Whole = NDArray[np.int32]


def context(known: Whole, plane: int) -> Whole:
    """The context (M, h, w) of each bit of a plane. known (M, h, w): magnitudes as far as the planes above tell."""
    sizes = known >> (plane + 1)
    padded = np.pad(sizes, ((1, 0), (1, 1), (1, 1)))
    near = padded[1:, :-2, 1:-1] + padded[1:, 2:, 1:-1] + padded[1:, 1:-1, :-2] + padded[1:, 1:-1, 2:]
    before = np.minimum(padded[:-1, 1:-1, 1:-1], 2)
    own = np.minimum(sizes, OWN - 1)
    found: Whole = ((own * (_NEAR.size + 1) + np.searchsorted(_NEAR, near, side="right")) * 3 + before).astype(np.int32)
    return found
