"""Adaptive probability tables: counts of residual symbols, started from trained counts and kept up wave by wave."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import Alphabet
from latentpress.codecs.lossless.fast import loops

__all__ = ["CLASSES", "PHASES", "TABLES", "AdaptiveTables", "table_of"]

CLASSES = 72
"""Classes of expected error, a quarter of an octave each; class 0 is a scale of 1/16 pixel value."""

PHASES = 4
"""Where the prediction lies between two pixel values, for classes up to `_FINE`; beyond it no longer matters."""

_FINE = 24

TABLES = _FINE * PHASES + CLASSES - _FINE
"""Number of tables of a plane."""

_COUNT = 32.0  # what a symbol adds to its table
_LIMIT = float(1 << 18)  # a table whose sum passes this is halved,
_CHECK = 16  # looked for after so many waves


def table_of(klass: NDArray[np.int64], phase: NDArray[np.int64]) -> NDArray[np.int64]:
    """Number of the table for a class 0 .. CLASSES - 1 and a phase 0 .. PHASES - 1."""
    fine = klass < _FINE
    found: NDArray[np.int64] = np.where(fine, klass * PHASES + phase, klass + _FINE * (PHASES - 1))
    return found


class AdaptiveTables:
    """The tables of one plane. ``rows`` gives probabilities for the coder, ``learn`` counts what was coded.

    start: (TABLES, size) positive whole numbers for the largest alphabet; a smaller alphabet uses the middle of each.
    """

    def __init__(self, start: NDArray[np.integer[Any]], alphabet: Alphabet) -> None:
        margin = (start.shape[1] - alphabet.size) // 2
        counts = start[:, margin : margin + alphabet.size] if margin else start
        self._counts = np.ascontiguousarray(counts, np.float64)
        self._flat = self._counts.reshape(-1)
        self._size = alphabet.size
        self._waves = 0

    def rows(self, tables: NDArray[np.int64]) -> NDArray[np.float64]:
        """Counts (N, size) of the given tables: probabilities but for a factor, whole numbers with sums below 2^53."""
        return self._counts.take(tables, axis=0)

    def learn(self, tables: NDArray[np.int64], symbols: NDArray[np.int32]) -> None:
        """Count the symbols of a wave, which were coded with the tables."""
        if (fast := loops()) is not None:
            fast.count_symbols(self._counts, tables, symbols, _COUNT)
        else:
            np.add.at(self._flat, tables * self._size + symbols, _COUNT)
        self._waves += 1
        if self._waves % _CHECK == 0:
            full = np.flatnonzero(self._counts.sum(axis=1) > _LIMIT)
            if full.size:
                self._counts[full] = np.ceil(self._counts[full] * 0.5)
