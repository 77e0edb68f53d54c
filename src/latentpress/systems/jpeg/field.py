"""What is known of a component while it is coded: coefficients, how large they are, and where each block ends."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.transforms import zigzag

__all__ = ["DIAGONALS", "NATURAL", "Field", "ends", "logarithms"]

NATURAL = zigzag(8)
"""(64,) place in a block, 8 v + u, of each coefficient of the zigzag order."""

DIAGONALS = np.add.outer(np.arange(8), np.arange(8)).ravel()
"""(64,) u + v of each place."""

_LARGEST = 2047


def logarithms(values: NDArray[np.integer[Any]], unit: int) -> NDArray[np.uint8]:
    """log2(1 + value / unit) in 16ths, at most 127, of values from 0 on."""
    found: NDArray[np.uint8] = _LOGARITHMS[unit][values if values.dtype == np.uint8 else np.minimum(values, _LARGEST)]
    return found


def _table(unit: int) -> NDArray[np.uint8]:
    # 2^(step/16 - 1/32) thresholds compared in whole numbers would be the same: no value comes near one
    exact = 16 * np.log2(1 + np.arange(_LARGEST + 1) / unit)
    return np.minimum(np.floor(exact + 0.5), 127).astype(np.uint8)


_LOGARITHMS = {unit: _table(unit) for unit in (1, 2, 4, 8, 12, 16)}


class Field:
    """A component of ``count`` blocks; one more, of zeros, stands where no neighbour is.

    values: (count + 1, 64) coefficients in natural order; sizes: their magnitudes, at most 255; around: 2 for each of
    the four nearest coefficients in the block and 1 for each of the four at the corners; top: the last diagonal of a
    block that is not all zeros; total: of its coefficients that are not zero, but for the DC. surprise: coefficients
    less what was predicted, in 16ths of a step. All are filled in level by level.
    """

    def __init__(self, rows: int, columns: int, table: NDArray[np.int64]) -> None:
        count = rows * columns
        self.rows, self.columns, self.table = rows, columns, table
        self.values = np.zeros((count + 1, 64), np.int16)
        self.sizes = np.zeros((count + 1, 64), np.uint8)
        self.around = np.zeros((count + 1, 64), np.uint16)
        self.top = np.zeros(count + 1, np.uint8)
        self.total = np.zeros(count + 1, np.uint8)
        self.surprise = np.zeros((count + 1, 64), np.int32)

    def fill(self, blocks: NDArray[np.int64], values: NDArray[np.int16], surprise: NDArray[np.int32]) -> None:
        """Enter the coefficients (N, 64) of some blocks."""
        sizes = np.minimum(np.abs(values), 255).astype(np.uint8)
        wide = np.zeros((blocks.size, 10, 10), np.uint16)
        wide[:, 1:9, 1:9] = sizes.reshape(-1, 8, 8)
        wide[:, 1, 1] = 0  # the DC says nothing of what is around it
        across = wide[:, :, :-2] + 2 * wide[:, :, 1:-1] + wide[:, :, 2:]
        around = across[:, :-2] + 2 * across[:, 1:-1] + across[:, 2:] - 4 * wide[:, 1:-1, 1:-1]
        self.values[blocks] = values
        self.sizes[blocks] = sizes
        self.around[blocks] = around.reshape(-1, 64)
        self.top[blocks] = ends(values)
        self.total[blocks] = np.count_nonzero(values[:, 1:], axis=1)
        self.surprise[blocks] = surprise


def ends(values: NDArray[np.int16]) -> NDArray[np.int16]:
    """The last diagonal with a coefficient, 0 if there is none but the DC, of blocks (N, 64)."""
    last: NDArray[np.int16] = ((values != 0) * DIAGONALS.astype(np.int16)).max(1)
    return last
