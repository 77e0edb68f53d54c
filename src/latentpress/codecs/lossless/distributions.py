"""What residuals of a plane are coded with, and what an encoder reads back of its stream before it hands it out."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import Alphabet
from latentpress.codecs.lossless.drawn import DrawnPlane, flat_counts
from latentpress.codecs.lossless.stream import ResidualPort
from latentpress.codecs.lossless.tables import AdaptiveTables

__all__ = ["Distributions", "ReadBack"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Distributions:
    """The probabilities of a plane's residuals as far as it is known: adaptive tables, with what `DrawnPlane` makes of
    them.
    """

    def __init__(self, low: int, high: int, counts: NDArray[Any], drawn: bool, step: int) -> None:
        self.alphabet, self.drawn = Alphabet((high - low).bit_length()), None
        if drawn:
            counts = np.concatenate([counts, flat_counts(counts[0], counts[-1])])
            self.drawn = DrawnPlane(low, high, self.alphabet, step)
        self._tables = AdaptiveTables(counts, self.alphabet)

    def rows(self, tables: Integers, centre: Integers, sign: Integers) -> Floats:
        """Of residuals around ``centre``, mirrored where ``sign`` is negative: (N, symbols)."""
        rows = self._tables.rows(tables)
        return self.drawn.weigh(rows, centre, sign) if self.drawn else rows

    def learn(self, tables: Integers, symbols: NDArray[np.int32], values: Floats) -> None:
        """Take in what was coded with the tables."""
        self._tables.learn(tables, symbols)
        if self.drawn:
            self.drawn.learn(values)


class ReadBack:
    """What an encoder coded, to be compared with what its stream holds. Predictions need not be made again for that:
    the walk is one for both sides and depends on nothing but what is coded.
    """

    def __init__(self) -> None:
        self._planes: dict[int, tuple[Callable[[], Distributions], int]] = {}
        self._waves: list[tuple[int, NDArray[np.int16], NDArray[np.int32], NDArray[np.int8], NDArray[np.int32]]] = []

    def expect(self, plane: int, fresh: Callable[[], Distributions], step: int) -> None:
        """Say how a plane's distributions begin, and the step of its residuals."""
        self._planes[plane] = fresh, step

    def note(self, plane: int, tables: Integers, centre: Integers, sign: Integers, residuals: Integers) -> None:
        """Note a wave."""
        self._waves.append(
            (
                plane,
                tables.astype(np.int16),
                centre.astype(np.int32),
                sign.astype(np.int8),
                residuals.astype(np.int32),
            )
        )

    def compare(self, port: ResidualPort) -> bool:
        """Read all of it out of a port; whether it is the same. Raises CorruptFileError if it cannot be read."""
        planes = {plane: (fresh(), step) for plane, (fresh, step) in self._planes.items()}
        for plane, *noted in self._waves:
            tables, centre, sign, residuals = (np.asarray(some, np.int64) for some in noted)
            distributions, step = planes[plane]
            rows = distributions.rows(tables, centre, sign)
            symbols, found = port.rows(None, distributions.alphabet, tables, rows, plane)
            if not np.array_equal(found, residuals):
                return False
            distributions.learn(tables, symbols, (centre + step * sign * residuals).astype(np.float64))
        return True
