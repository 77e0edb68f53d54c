"""Grouping a pass by table: one call of the coder a table instead of one a symbol."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy.tables import ProbabilityTables
from latentpress.errors import InvalidInputError

__all__ = ["Groups", "check_indices", "group_by_table"]


@dataclass(frozen=True)
class Groups:
    """The symbols of a pass that cost something, those of tables with a radius, sorted by table.

    order: their positions in the pass, rising within a table. radius: of each one's table. parts: (table, start, end)
    in this order.
    """

    order: NDArray[np.intp]
    radius: NDArray[np.int32]
    parts: list[tuple[int, int, int]]


def check_indices(indices: NDArray[Any]) -> NDArray[np.uint8]:
    """`indices` itself, if it is a 1-D uint8 array. Which tables exist is checked by `group_by_table`."""
    array = np.asarray(indices)
    if array.ndim != 1 or array.dtype != np.uint8:
        raise InvalidInputError(f"table indices must be a 1-D uint8 array, not {array.ndim}-D of {array.dtype}")
    return array


def group_by_table(indices: NDArray[np.uint8], tables: ProbabilityTables) -> Groups:
    """The groups of a pass. Raises InvalidInputError for an index without a table."""
    if indices.size and indices.max() >= len(tables):
        raise InvalidInputError(f"a table index is outside 0..{len(tables) - 1}")
    costs = np.ones(indices.size, bool)
    for table in np.flatnonzero(tables.radius == 0):  # often most symbols: they stay out of the sorting
        costs &= indices != table
    where = np.flatnonzero(costs)
    index = indices[where]
    order = np.argsort(index, kind="stable")  # of uint8 it is a radix sort
    starts = np.searchsorted(index[order], np.arange(len(tables) + 1))
    sizes = np.diff(starts)
    parts = [(int(table), int(starts[table]), int(starts[table + 1])) for table in np.flatnonzero(sizes)]
    return Groups(where[order], np.repeat(tables.radius.astype(np.int32), sizes), parts)
