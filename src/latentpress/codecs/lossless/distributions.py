"""What residuals of a plane are coded with, and what an encoder reads back of its stream before it hands it out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import Alphabet
from latentpress.codecs.lossless.contexts import SETS, context_sizes
from latentpress.codecs.lossless.drawn import DrawnPlane, flat_counts
from latentpress.codecs.lossless.mixing import Mixer, Places
from latentpress.codecs.lossless.ranges import PlaneRange
from latentpress.codecs.lossless.stream import ResidualPort
from latentpress.codecs.lossless.tables import AdaptiveTables

__all__ = ["Distributions", "ReadBack"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]


class Distributions:
    """The probabilities of a plane's residuals as far as it is known: adaptive tables, and what is made of them.

    bounds: the plane's values. counts: that tables start with. drawn: for tiles that were drawn in part (`DrawnPlane`).
    mixed: what was coded in other contexts is asked too (`Mixer`), which takes time. step: of the residual quantiser.
    """

    def __init__(self, bounds: PlaneRange, counts: NDArray[Any], drawn: bool, mixed: bool, step: int) -> None:
        low, high = bounds.low, bounds.high
        self.alphabet, self.drawn = Alphabet(bounds.bits), None
        self._mixer = Mixer(context_sizes(len(bounds.sees)), SETS, self.alphabet) if mixed else None
        if drawn:
            counts = np.concatenate([counts, flat_counts(counts[0], counts[-1])])
            self.drawn = DrawnPlane(low, high, self.alphabet, step)
        self._tables = AdaptiveTables(counts, self.alphabet)

    def rows(self, tables: Integers, centre: Integers, sign: Integers, places: Places | None) -> Floats:
        """Of residuals around ``centre``, mirrored where ``sign`` is negative: (N, symbols). places: for those that
        are mixed.
        """
        rows = self._tables.rows(tables)
        if self._mixer and places:
            rows = self._mixer.rows(rows, places)
        return self.drawn.weigh(rows, centre, sign) if self.drawn else rows

    def learn(self, tables: Integers, symbols: NDArray[np.int32], values: Floats) -> None:
        """Take in what was coded with the tables."""
        self._tables.learn(tables, symbols)
        if self._mixer:
            self._mixer.learn(symbols)
        if self.drawn:
            self.drawn.learn(values)


@dataclass(frozen=True)
class _Noted:
    """A wave of a plane as it was coded, in little memory."""

    plane: int
    tables: NDArray[np.int16]
    centre: NDArray[np.int32]
    sign: NDArray[np.int8]
    residuals: NDArray[np.int32]
    places: Places | None


class ReadBack:
    """What an encoder coded, to be compared with what its stream holds. Predictions need not be made again for that:
    the walk is one for both sides and depends on nothing but what is coded.
    """

    def __init__(self) -> None:
        self._planes: dict[int, tuple[Callable[[], Distributions], int]] = {}
        self._waves: list[_Noted] = []

    def expect(self, plane: int, fresh: Callable[[], Distributions], step: int) -> None:
        """Say how a plane's distributions begin, and the step of its residuals."""
        self._planes[plane] = fresh, step

    def note(
        self,
        plane: int,
        tables: Integers,
        centre: Integers,
        sign: Integers,
        residuals: Integers,
        places: Places | None,
    ) -> None:
        """Note a wave."""
        self._waves.append(
            _Noted(
                plane,
                tables.astype(np.int16),
                centre.astype(np.int32),
                sign.astype(np.int8),
                residuals.astype(np.int32),
                places and Places(places.contexts.astype(np.int16), places.sets.astype(np.int8)),
            )
        )

    def compare(self, port: ResidualPort) -> bool:
        """Read all of it out of a port; whether it is the same. Raises CorruptFileError if it cannot be read."""
        planes = {plane: (fresh(), step) for plane, (fresh, step) in self._planes.items()}
        for wave in self._waves:
            noted = (wave.tables, wave.centre, wave.sign, wave.residuals)
            tables, centre, sign, residuals = (some.astype(np.int64) for some in noted)
            distributions, step = planes[wave.plane]
            rows = distributions.rows(tables, centre, sign, wave.places)
            symbols, found = port.rows(None, distributions.alphabet, tables, rows, wave.plane)
            if not np.array_equal(found, residuals):
                return False
            distributions.learn(tables, symbols, (centre + step * sign * residuals).astype(np.float64))
        return True
