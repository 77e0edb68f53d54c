"""The map of classes in a file: cells in slanted waves, each with a table for its three neighbours."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import Port
from latentpress.entropy import ProbabilityTables
from latentpress.errors import CorruptFileError
from latentpress.systems.semantic.layout import CLASSES

__all__ = ["CONTEXTS", "MAP", "code_map"]

CONTEXTS = CLASSES**3
"""Tables: of the classes left, above, and above to the right. Beyond the edge is class 0."""

MAP = "classes"
"""What counters know the symbols by."""

_MIDDLE = CLASSES // 2


def code_map(
    port: Port, wanted: NDArray[Any] | None, shape: tuple[int, int], tables: ProbabilityTables
) -> NDArray[np.uint8]:
    """Code a map (h, w). A cell is coded after those left of it and above it: those with the same x + 2 y together.

    Raises CorruptFileError for a class that there is not.
    """
    height, width = shape
    classes = np.zeros((height + 1, width + 2), np.int64)  # a row above, a column at each side
    for wave in range(width + 2 * height - 2):
        y = np.arange(max(0, -(-(wave - width + 1) // 2)), min(height - 1, wave // 2) + 1)
        x = wave - 2 * y
        around = (classes[y + 1, x] * CLASSES + classes[y, x + 1]) * CLASSES + classes[y, x + 2]
        given = None if wanted is None else wanted[y, x].astype(np.int64) - _MIDDLE
        found = port.symbols(given, around.astype(np.uint8), tables, _MIDDLE, MAP) + _MIDDLE
        if found.size and found.max() >= CLASSES:
            raise CorruptFileError("the symbol stream is damaged: a class that there is not")
        classes[y + 1, x + 1] = found
    return classes[1:, 1:-1].astype(np.uint8)
