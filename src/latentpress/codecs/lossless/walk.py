"""The walk over a tile, the same for all who code: predict a wave, code it, learn from it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import Alphabet
from latentpress.codecs.lossless.drawn import DrawnPlane, flat_counts
from latentpress.codecs.lossless.features import LAG
from latentpress.codecs.lossless.lanes import Lanes, Skewed
from latentpress.codecs.lossless.model import Model
from latentpress.codecs.lossless.predictor import tile_predictors
from latentpress.codecs.lossless.refinement import Refinement
from latentpress.codecs.lossless.stream import ResidualPort
from latentpress.codecs.lossless.tables import AdaptiveTables
from latentpress.progress import steps

__all__ = ["PlaneRange", "Source", "Walk", "lanes_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LANE_ROWS = 128

Source = Callable[[int, int, slice, Sequence[Skewed]], Floats]
"""``source(plane, wave, slots, known)``: the values that a plane has at the slots of a wave. known: the planes decoded
so far, which later planes may depend on when coding is not lossless.
"""


@dataclass(frozen=True)
class PlaneRange:
    """The values that a plane may have, low .. high, and what it is predicted from. sees: which planes before it, at
    most two; what a model has for a plane goes by their number.
    """

    low: int
    high: int
    sees: tuple[int, ...] = ()

    @property
    def middle(self) -> float:
        """What lies beyond the borders of the first pixels."""
        return float((self.low + self.high + 1) // 2)

    @property
    def bits(self) -> int:
        """Bits of the largest difference between two values."""
        return int(self.high - self.low).bit_length()


def lanes_of(height: int, width: int) -> Lanes:
    """The lanes that a tile is cut into."""
    return Lanes(height, width, max(1, (height + _LANE_ROWS // 2) // _LANE_ROWS))


class Walk:
    """Predictors, probability tables and quantiser of a tile; `run` visits all its pixels.

    port: what codes; source: None where a decoder does not know the values. ranges: of each plane. depth: bits a
    sample. max_error: 0 for lossless. drawn: see `drawn`.
    """

    def __init__(
        self,
        port: ResidualPort,
        source: Source | None,
        lanes: Lanes,
        ranges: Sequence[PlaneRange],
        model: Model,
        depth: int,
        max_error: int,
        drawn: bool = False,
    ) -> None:
        self._port, self._source = port, source
        sees, shift = [bounds.sees for bounds in ranges], depth - 8
        kinds = [len(seen) for seen in sees]
        self._lanes = lanes
        self._max_error = max_error
        self._alphabets = [Alphabet(bounds.bits) for bounds in ranges]
        self._ranges = ranges
        middles, starts = [bounds.middle for bounds in ranges], [model.start(kind) for kind in kinds]
        self._predictors, self._values = tile_predictors(lanes, middles, sees, starts, shift)
        self._networks = [model.network(kind, shift) for kind in kinds]
        self._refinements = [Refinement(shift, 2 * max_error + 1) for _ in kinds]
        counts = [model.counts(kind) for kind in kinds]
        self._drawn: list[DrawnPlane] = []
        if drawn:
            counts = [np.concatenate([start, flat_counts(start[0], start[-1])]) for start in counts]
            step = 2 * max_error + 1
            self._drawn = [DrawnPlane(r.low, r.high, a, step) for r, a in zip(ranges, self._alphabets, strict=True)]
        self._tables = [AdaptiveTables(start, a) for start, a in zip(counts, self._alphabets, strict=True)]

    def run(self) -> list[Integers]:
        """Visit the waves of all planes, each plane `LAG` waves behind the one before it; gives the planes (height,
        width) as a decoder will have them. Raises CorruptFileError if a stream is certainly damaged.
        """
        waves = self._lanes.waves
        ticks = waves + LAG * (len(self._ranges) - 1)
        for tick in steps(range(ticks), ticks):
            for plane in range(len(self._ranges)):
                if 0 <= tick - LAG * plane < waves:
                    self._visit(plane, tick - LAG * plane)
        return [values.plane() for values in self._values]

    def _visit(self, plane: int, wave: int) -> None:
        predictor, refinement, bounds = self._predictors[plane], self._refinements[plane], self._ranges[plane]
        slots = self._lanes.active(wave)
        guess = predictor.look(wave, slots)
        correction, spread = self._networks[plane](guess)
        refined = refinement(guess, guess.value(correction), spread)
        if self._drawn:
            refined = self._drawn[plane].refine(guess, refined)
        centre = np.minimum(np.maximum(refined.nearest, bounds.low), bounds.high)
        rows = self._tables[plane].rows(refined.tables)
        if self._drawn:
            rows = self._drawn[plane].weigh(rows, centre, refined.sign)
        wanted = None
        if self._source is not None:
            true = self._source(plane, wave, slots, self._values)
            wanted = self._nearest((true.astype(np.int64) - centre) * refined.sign)
        symbols, residuals = self._port.rows(wanted, self._alphabets[plane], refined.tables, rows, plane)
        values = (centre + (2 * self._max_error + 1) * refined.sign * residuals).astype(np.float64)
        self._tables[plane].learn(refined.tables, symbols)
        if self._drawn:
            self._drawn[plane].learn(values)
        refinement.learn(values)
        predictor.learn(wave, guess, values)

    def _nearest(self, difference: Integers) -> Integers:
        """The residuals that bring values nearest, of differences from what is expected."""
        nearest: Integers = (np.abs(difference) + self._max_error) // (2 * self._max_error + 1)
        nearest *= np.sign(difference)
        return nearest
