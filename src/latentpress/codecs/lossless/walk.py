"""The walk over a tile that encoder and decoder share: predict a wave, code it, learn from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import Alphabet
from latentpress.codecs.lossless.drawn import DrawnPlane, flat_counts
from latentpress.codecs.lossless.features import LAG
from latentpress.codecs.lossless.lanes import Lanes, Skewed
from latentpress.codecs.lossless.model import Model
from latentpress.codecs.lossless.predictor import tile_predictors
from latentpress.codecs.lossless.refinement import Refinement
from latentpress.codecs.lossless.stream import ResidualReader, ResidualWriter
from latentpress.codecs.lossless.tables import AdaptiveTables

__all__ = ["Expected", "PlaneRange", "Source", "Walk", "decode_tile", "encode_tile", "lanes_of"]

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


@dataclass(frozen=True)
class Expected:
    """What is known of a wave's values before they are: value = centre + sign * (2 max_error + 1) * residual.

    tables: (N,) of the residuals' symbols; rows: (N, alphabet's size), their probabilities but for a factor.
    """

    centre: Integers
    sign: Integers
    tables: Integers
    rows: Floats


class Walk(ABC):
    """Predictors, probability tables and quantiser of a tile; `run` visits all its pixels.

    ranges: of each plane. depth: bits a sample. max_error: 0 for lossless. drawn: see `drawn`.
    """

    def __init__(
        self,
        lanes: Lanes,
        ranges: Sequence[PlaneRange],
        model: Model,
        depth: int,
        max_error: int,
        drawn: bool = False,
    ) -> None:
        sees, shift = [bounds.sees for bounds in ranges], depth - 8
        kinds = [len(seen) for seen in sees]
        self.lanes = lanes
        self.max_error = max_error
        self.alphabets = [Alphabet(bounds.bits) for bounds in ranges]
        self._ranges = ranges
        middles, starts = [bounds.middle for bounds in ranges], [model.start(kind) for kind in kinds]
        self._predictors, self.values = tile_predictors(lanes, middles, sees, starts, shift)
        self._networks = [model.network(kind, shift) for kind in kinds]
        self._refinements = [Refinement(shift, 2 * max_error + 1) for _ in kinds]
        counts = [model.counts(kind) for kind in kinds]
        self._drawn: list[DrawnPlane] = []
        if drawn:
            counts = [np.concatenate([start, flat_counts(start[0], start[-1])]) for start in counts]
            step = 2 * max_error + 1
            self._drawn = [DrawnPlane(r.low, r.high, a, step) for r, a in zip(ranges, self.alphabets, strict=True)]
        self._tables = [AdaptiveTables(start, a) for start, a in zip(counts, self.alphabets, strict=True)]

    def run(self) -> None:
        """Visit the waves of all planes, each plane `LAG` waves behind the one before it."""
        waves = self.lanes.waves
        for tick in range(waves + LAG * (len(self._ranges) - 1)):
            for plane in range(len(self._ranges)):
                if 0 <= tick - LAG * plane < waves:
                    self._visit(plane, tick - LAG * plane)

    @abstractmethod
    def code(self, plane: int, wave: int, slots: slice, expected: Expected) -> tuple[NDArray[np.int32], Integers]:
        """Code the residuals of a wave: gives their symbols and themselves."""

    def residuals(self, true: Floats, expected: Expected) -> Integers:
        """The residuals that bring a wave's values nearest to true ones."""
        difference = (true.astype(np.int64) - expected.centre) * expected.sign
        nearest: Integers = (np.abs(difference) + self.max_error) // (2 * self.max_error + 1)
        nearest *= np.sign(difference)
        return nearest

    def _visit(self, plane: int, wave: int) -> None:
        predictor, refinement, bounds = self._predictors[plane], self._refinements[plane], self._ranges[plane]
        slots = self.lanes.active(wave)
        guess = predictor.look(wave, slots)
        correction, spread = self._networks[plane](guess)
        refined = refinement(guess, guess.value(correction), spread)
        if self._drawn:
            refined = self._drawn[plane].refine(guess, refined)
        centre = np.minimum(np.maximum(refined.nearest, bounds.low), bounds.high)
        rows = self._tables[plane].rows(refined.tables)
        if self._drawn:
            rows = self._drawn[plane].weigh(rows, centre, refined.sign)
        expected = Expected(centre, refined.sign, refined.tables, rows)
        symbols, residuals = self.code(plane, wave, slots, expected)
        values = (centre + (2 * self.max_error + 1) * refined.sign * residuals).astype(np.float64)
        self._tables[plane].learn(refined.tables, symbols)
        if self._drawn:
            self._drawn[plane].learn(values)
        refinement.learn(values)
        predictor.learn(wave, guess, values)


class _Encoder(Walk):
    def __init__(self, source: Source, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._source = source
        self.stream = ResidualWriter()

    def code(self, plane: int, wave: int, slots: slice, expected: Expected) -> tuple[NDArray[np.int32], Integers]:
        residuals = self.residuals(self._source(plane, wave, slots, self.values), expected)
        return self.stream.write(self.alphabets[plane], residuals, expected.rows), residuals


class _Decoder(Walk):
    def __init__(self, stream: memoryview, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.stream = ResidualReader(stream)

    def code(self, plane: int, wave: int, slots: slice, expected: Expected) -> tuple[NDArray[np.int32], Integers]:
        return self.stream.read(self.alphabets[plane], expected.rows)


def encode_tile(
    source: Source,
    lanes: Lanes,
    ranges: Sequence[PlaneRange],
    model: Model,
    depth: int,
    max_error: int,
    drawn: bool = False,
) -> tuple[bytes, list[Integers]]:
    """The stream of a tile, and its planes (height, width) as a decoder will have them."""
    walk = _Encoder(source, lanes, ranges, model, depth, max_error, drawn)
    walk.run()
    return walk.stream.finish(), [values.plane() for values in walk.values]


def decode_tile(
    stream: memoryview,
    lanes: Lanes,
    ranges: Sequence[PlaneRange],
    model: Model,
    depth: int,
    max_error: int,
    drawn: bool = False,
) -> list[Integers]:
    """The planes of a tile. Raises CorruptFileError if the stream is certainly damaged."""
    walk = _Decoder(stream, lanes, ranges, model, depth, max_error, drawn)
    walk.run()
    walk.stream.finish()
    return [values.plane() for values in walk.values]
