"""Rounding of residuals with the rate in mind: a value goes to the smaller integer where that saves more than it
costs.
"""

from __future__ import annotations

import math
from functools import cached_property
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

__all__ = ["LEVELS", "ROUNDING_WEIGHT", "CodeLengths", "LengthTable", "Rounding", "rate_and_weight", "rounding_weight"]

ROUNDING_WEIGHT = 12.0
"""Bits that one squared quantisation step of error is worth to the encoder; chosen on the validation pictures."""

LEVELS = 16
"""Magnitudes above this are rounded to the nearest: there the distribution is flat."""

_LOWEST_WEIGHT = 5.0
_FULL_FROM = 16


def rounding_weight(rate: int) -> float:
    """The weight at a rate index: `ROUNDING_WEIGHT` from the second anchor on, less below, to reach the smallest files.

    A small weight costs a little quality at equal size, but the network was not trained for rates below its first
    anchor, and rounding is the only means to get there.
    """
    part = min(rate, _FULL_FROM) / _FULL_FROM
    return _LOWEST_WEIGHT + part * (ROUNDING_WEIGHT - _LOWEST_WEIGHT)


_STEP = 0.16  # measured: 0.16 to 0.31 would close the gap; less leaves it open by a per cent, more would turn back


def rate_and_weight(quality: float, last_rate: int) -> tuple[int, float]:
    """Rate index and rounding weight for a quality 0..100: between two rate indices the weight goes on, from that of
    the upper one down to where files are about as small as those of the lower one.
    """
    position = quality * last_rate / 100
    rate = min(math.ceil(position - 1e-9), last_rate)
    return rate, rounding_weight(rate) * (1 - _STEP * (rate - position))


class CodeLengths(Protocol):
    """What is known about the cost of symbols: `ProbabilityTables`, or an estimate."""

    def __len__(self) -> int: ...

    def bits(self, symbols: NDArray[np.integer[Any]], indices: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Bits of each symbol with the table of its index."""


class LengthTable:
    """Code lengths that stand in a table (tables, levels): of each magnitude up to the last level, which stands for all
    larger ones too.
    """

    def __init__(self, table: NDArray[np.floating[Any]]) -> None:
        self._table = np.asarray(table, np.float64)

    def __len__(self) -> int:
        return len(self._table)

    def bits(self, symbols: NDArray[np.integer[Any]], indices: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Bits of each symbol with the table of its index."""
        lengths: NDArray[np.float64] = self._table[indices, np.minimum(np.abs(symbols), self._table.shape[1] - 1)]
        return lengths


class Rounding:
    """Scalar rate-distortion optimised quantisation (Sullivan and Wiegand 1998), one symbol at a time.

    A residual e (in steps) becomes n = round(|e|), or n - 1 where ``weight`` * ((|e| - n + 1)^2 - (|e| - n)^2) <
    bits(n) - bits(n - 1), the code lengths being those of its own table. ``weight``: distortion of one squared step
    in bits; at the best trade-off of an orthonormal transform with independent symbols it is about 8. Infinity rounds
    to the nearest. Symbols of table 0 are zero by rule.
    """

    def __init__(self, tables: CodeLengths, weight: float) -> None:
        self._tables = tables
        self.weight = weight

    def round(self, residual: NDArray[np.float32], index: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Whole numbers (float32) of the residual's shape; ``index`` names each one's table."""
        coded = np.flatnonzero(index != 0)
        offset, table = residual.take(coded), index.take(coded)
        size = np.abs(offset)
        nearest = np.floor(size + np.float32(0.5))
        level = np.minimum(nearest, LEVELS).astype(np.int16)
        level += table * np.int16(LEVELS + 1)
        saved = self._savings.take(level)
        nearest -= 2 * (size - nearest) + 1 < saved
        symbols = np.zeros(residual.shape, np.float32)
        symbols.reshape(-1)[coded] = np.copysign(nearest, offset)
        return symbols

    @cached_property
    def _savings(self) -> NDArray[np.float32]:
        """(tables, levels + 1): bits saved by n - 1 instead of n, in units of the weight; 0 for n = 0 and the last
        level.
        """
        count = len(self._tables)
        magnitudes = np.broadcast_to(np.arange(LEVELS + 1), (count, LEVELS + 1))
        rows: NDArray[Any] = np.broadcast_to(np.arange(count)[:, None], magnitudes.shape)
        bits = self._tables.bits(magnitudes, rows)
        savings = np.zeros(magnitudes.shape, np.float32)
        savings[1:, 1:LEVELS] = (bits[1:, 1:LEVELS] - bits[1:, : LEVELS - 1]) / self.weight
        return savings
