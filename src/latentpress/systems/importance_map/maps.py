"""The importance map in the file: from coarse to fine, each value seen from those around it that are known.

Values 0..7 (planes dropped) on a grid. A level map costs next to nothing.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.interlaced import interlaced
from latentpress.codecs.ports import Port
from latentpress.entropy import ProbabilityTables
from latentpress.errors import CorruptFileError
from latentpress.systems.importance_map.layout import MOST_DROPPED

__all__ = ["code_map"]

_FIRST = 3  # what is expected where nothing is known

Map = NDArray[np.uint8]


def code_map(port: Port, wanted: Map | None, shape: tuple[int, int], tables: ProbabilityTables) -> Map:
    """Code a map of that shape (h, w); wanted: the map, None where a decoder does not know it."""
    values: Map = np.zeros(shape, np.uint8)
    for batch in interlaced(*shape):
        guess = np.full(values[batch.places].shape, _FIRST, np.int32)
        table = np.zeros(guess.shape, np.uint8)
        if batch.reach:
            known = batch.known(values).astype(np.int32)
            total, spread = known.sum(axis=0), known.max(axis=0) - known.min(axis=0)
            guess = (total + 2) // 4
            shade = np.where(spread == 0, 0, np.where(spread == 1, 1, 5) + total % 4)
            table = (1 + 9 * (batch.reach > 1) + shade).astype(np.uint8)
        differing = None if wanted is None else (wanted[batch.places].astype(np.int32) - guess).ravel()
        symbols = port.symbols(differing, table.ravel(), tables, MOST_DROPPED, "importances")
        part = symbols.reshape(guess.shape) + guess
        if part.size and not 0 <= part.min() <= part.max() <= MOST_DROPPED:
            raise CorruptFileError("the symbol stream is damaged: an importance is out of range")
        values[batch.places] = part
    return values
