"""Pyramids of every second place of every second row: the same for NumPy's arrays and torch's tensors."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["between", "unknown"]


def between(coarse: Any) -> Any:
    """Whole numbers (..., H, W) at every second place of every second row, means between them: (..., 2 H, 2 W)."""
    height, width = coarse.shape[-2:]
    rows, after = _beside(height)
    sums = coarse[..., rows, :] + coarse[..., after, :]
    columns, after = _beside(width)
    return (sums[..., columns] + sums[..., after] + 2) // 4


def unknown(height: int, width: int) -> NDArray[np.bool_]:
    """The places (H, W) that the coarser level does not have."""
    places = np.ones((height, width), bool)
    places[::2, ::2] = False
    return places


def _beside(size: int) -> tuple[list[int], list[int]]:
    places = range(2 * size)
    return [at // 2 for at in places], [min((at + 1) // 2, size - 1) for at in places]
