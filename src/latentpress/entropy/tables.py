"""Integer probability tables: what the encoder and the decoder agree on about the symbols."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from latentpress.entropy._escape import escape_bits
from latentpress.errors import InvalidInputError

__all__ = ["MAX_TABLES", "TOTAL", "ProbabilityTables"]

TOTAL = 1 << 16
"""Sum of the counts of every table: a count `c` stands for the probability c / 65536."""

MAX_TABLES = 256
"""Tables are chosen by a uint8 index."""


class ProbabilityTables:
    """A set of at most 256 probability tables over the integers -r..r and an escape.

    `counts` (uint32, 1-D) holds all tables one after another; `radius` (uint16, 1-D) has one entry a table. The table
    of radius r > 0 has 2r + 2 counts: for the symbols -r, ..., r, then for the escape, which stands for every other
    integer. Each count is at least 1 and each table sums to 65536. The table of radius 0 is the single count 65536: its
    symbol is always 0 and costs nothing.

    The arrays are copied and read-only. Raises `InvalidInputError` where they break these rules.
    """

    counts: NDArray[np.uint32]
    radius: NDArray[np.uint16]

    def __init__(self, counts: NDArray[np.integer[Any]], radius: NDArray[np.integer[Any]]) -> None:
        self.counts = _read_only(counts, np.uint32, "counts")
        self.radius = _read_only(radius, np.uint16, "radius")
        if not 1 <= self.radius.size <= MAX_TABLES:
            raise InvalidInputError(
                f"between 1 and {MAX_TABLES} probability tables are possible, not {self.radius.size}"
            )
        sizes = np.where(self.radius == 0, 1, 2 * self.radius.astype(np.int64) + 2)
        if sizes.sum() != self.counts.size:
            raise InvalidInputError(f"the radii ask for {sizes.sum()} counts, but there are {self.counts.size}")
        self._start = np.concatenate([[0], np.cumsum(sizes)])
        sums = np.add.reduceat(self.counts.astype(np.int64), self._start[:-1])
        wrong = np.flatnonzero(sums != TOTAL)
        if wrong.size:
            raise InvalidInputError(f"probability table {wrong[0]} sums to {sums[wrong[0]]}, not to {TOTAL}")
        if not self.counts.all():
            raise InvalidInputError("a probability table has a count of 0; each must be at least 1")
        self._models: list[Any] = [None] * len(self)

    def __len__(self) -> int:
        return int(self.radius.size)

    def __eq__(self, other: object) -> bool:
        if not isinstance(other, ProbabilityTables):
            return NotImplemented
        return np.array_equal(self.radius, other.radius) and np.array_equal(self.counts, other.counts)

    __hash__ = None  # type: ignore[assignment]  # equal by value of arrays, so not a key

    def __repr__(self) -> str:
        return f"<ProbabilityTables: {len(self)} tables, radius {self.radius.min()}..{self.radius.max()}>"

    def to_arrays(self) -> dict[str, NDArray[Any]]:
        """The two arrays by name, for storing."""
        return {"counts": self.counts, "radius": self.radius}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> ProbabilityTables:
        """The inverse of `to_arrays`. Raises `InvalidInputError` for missing or inconsistent arrays."""
        try:
            return cls(arrays["counts"], arrays["radius"])
        except KeyError as error:
            raise InvalidInputError(f"the probability tables lack the array {error}") from None

    def table(self, index: int) -> NDArray[np.uint32]:
        """The counts of one table (a view)."""
        return self.counts[self._start[index] : self._start[index + 1]]

    def bits(self, symbols: NDArray[np.integer[Any]], indices: NDArray[np.integer[Any]]) -> NDArray[np.float64]:
        """Ideal code length of each symbol, in bits: -log2(count / 65536), and for an escape also its payload.

        `symbols` and `indices` (the table of each symbol) have the same shape, which is also the result's. A non-zero
        symbol in a table of radius 0 cannot be coded: its length is infinite.
        """
        values, index = np.asarray(symbols, dtype=np.int64), np.asarray(indices, dtype=np.int64)
        if values.shape != index.shape:
            raise InvalidInputError(f"{values.shape} symbols do not go with {index.shape} table indices")
        if index.size and not 0 <= index.min() <= index.max() < len(self):
            raise InvalidInputError(f"a table index is outside 0..{len(self) - 1}")
        radius = self.radius.astype(np.int64)[index]
        inside = np.abs(values) <= radius
        entry = np.where(inside, values + radius, 2 * radius + 1)
        dead = radius == 0
        lengths: NDArray[np.float64] = (16.0 - np.log2(self.counts))[self._start[index] + np.where(dead, 0, entry)]
        lengths[~inside] += escape_bits(np.abs(values[~inside]) - radius[~inside] - 1)
        lengths[dead & (values != 0)] = np.inf
        return lengths

    def model(self, index: int) -> Any:
        """The coder's model of one table of radius > 0 (built at first use, then kept)."""
        if self._models[index] is None:
            # float64 probabilities k / 2^16 are exact, and perfect=False is pinned: perfect=True and float32 both
            # give other streams.
            self._models[index] = constriction.stream.model.Categorical(
                self.table(index).astype(np.float64) / TOTAL, perfect=False
            )
        return self._models[index]


def _read_only(values: NDArray[Any], dtype: type[np.unsignedinteger[Any]], name: str) -> NDArray[Any]:
    array = np.asarray(values)
    if array.ndim != 1 or not np.issubdtype(array.dtype, np.integer):
        raise InvalidInputError(f"{name} must be a 1-D array of integers, not {array.ndim}-D of {array.dtype}")
    limits = np.iinfo(dtype)
    if array.size and not limits.min <= array.min() <= array.max() <= limits.max:
        raise InvalidInputError(f"{name} must lie in {limits.min}..{limits.max}")
    copy = array.astype(dtype, copy=True)
    copy.flags.writeable = False
    return copy
