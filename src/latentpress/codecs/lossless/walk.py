"""The walk over a tile that encoder and decoder share: predict a wave, code it, learn from it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import Alphabet, BitReader, BitWriter
from latentpress.codecs.lossless.features import LAG
from latentpress.codecs.lossless.lanes import Lanes, Skewed
from latentpress.codecs.lossless.model import Model
from latentpress.codecs.lossless.predictor import tile_predictors
from latentpress.codecs.lossless.refinement import Refinement
from latentpress.codecs.lossless.tables import AdaptiveTables
from latentpress.container import varint
from latentpress.errors import CorruptFileError

__all__ = ["Expected", "PlaneRange", "Source", "Walk", "decode_tile", "encode_tile", "lanes_of"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LANE_ROWS = 128

# perfect=False is pinned: another choice gives other streams
_FAMILY: Any = constriction.stream.model.Categorical(perfect=False)

Source = Callable[[int, int, slice, Sequence[Skewed]], Floats]
"""``source(plane, wave, slots, known)``: the values that a plane has at the slots of a wave. known: the planes decoded
so far, which later planes may depend on when coding is not lossless.
"""


@dataclass(frozen=True)
class PlaneRange:
    """The values that a plane may have: low .. high."""

    low: int
    high: int

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

    ranges: of each plane. depth: bits a sample. max_error: 0 for lossless.
    """

    def __init__(self, lanes: Lanes, ranges: Sequence[PlaneRange], model: Model, depth: int, max_error: int) -> None:
        planes, shift = range(len(ranges)), depth - 8
        self.lanes = lanes
        self.max_error = max_error
        self.alphabets = [Alphabet(bounds.bits) for bounds in ranges]
        self._ranges = ranges
        middles, starts = [bounds.middle for bounds in ranges], [model.start(p) for p in planes]
        self._predictors, self.values = tile_predictors(lanes, middles, starts, shift)
        self._networks = [model.network(p, shift) for p in planes]
        self._refinements = [Refinement(shift, 2 * max_error + 1) for _ in planes]
        self._tables = [AdaptiveTables(model.counts(p), self.alphabets[p]) for p in planes]

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
        centre = np.minimum(np.maximum(refined.nearest, bounds.low), bounds.high)
        rows = self._tables[plane].rows(refined.tables)
        expected = Expected(centre, refined.sign, refined.tables, rows)
        symbols, residuals = self.code(plane, wave, slots, expected)
        values = (centre + (2 * self.max_error + 1) * refined.sign * residuals).astype(np.float64)
        self._tables[plane].learn(refined.tables, symbols)
        refinement.learn(values)
        predictor.learn(wave, guess, values)


class _Encoder(Walk):
    def __init__(self, source: Source, *arguments: Any) -> None:
        super().__init__(*arguments)
        self._source = source
        self._coder = constriction.stream.queue.RangeEncoder()
        self._bits = BitWriter()

    def code(self, plane: int, wave: int, slots: slice, expected: Expected) -> tuple[NDArray[np.int32], Integers]:
        residuals = self.residuals(self._source(plane, wave, slots, self.values), expected)
        symbols, extra, plain = self.alphabets[plane].split(residuals)
        self._coder.encode(symbols, _FAMILY, expected.rows)
        self._bits.write(plain, extra)
        return symbols, residuals

    def finish(self) -> bytes:
        words: NDArray[np.uint32] = self._coder.get_compressed()
        coded = words.astype("<u4").tobytes().rstrip(b"\0")
        return varint.encode(len(coded)) + coded + self._bits.finish()


class _Decoder(Walk):
    def __init__(self, stream: memoryview, *arguments: Any) -> None:
        super().__init__(*arguments)
        length, start = varint.decode(stream, 0)
        raw = bytes(stream[start : start + length])
        if len(raw) < length or raw.endswith(b"\0"):
            raise CorruptFileError("the picture's data are damaged: a stream of the wrong length")
        words = np.frombuffer(raw + bytes(-len(raw) % 4), "<u4").astype(np.uint32)
        self._coder = constriction.stream.queue.RangeDecoder(words)
        self._bits = BitReader(stream[start + length :])

    def code(self, plane: int, wave: int, slots: slice, expected: Expected) -> tuple[NDArray[np.int32], Integers]:
        try:
            symbols: NDArray[np.int32] = self._coder.decode(_FAMILY, expected.rows)
        except (AssertionError, ValueError, KeyError) as error:
            raise CorruptFileError("the picture's data are damaged: they fit no symbol") from error
        alphabet = self.alphabets[plane]
        return symbols, alphabet.join(symbols, self._bits.read(alphabet.extra(symbols)))

    def finish(self) -> None:
        if not self._coder.maybe_exhausted() or not 0 <= self._bits.left < 8:
            raise CorruptFileError("the picture's data are damaged: their length does not fit")


def encode_tile(
    source: Source, lanes: Lanes, ranges: Sequence[PlaneRange], model: Model, depth: int, max_error: int
) -> tuple[bytes, list[Integers]]:
    """The stream of a tile, and its planes (height, width) as a decoder will have them."""
    walk = _Encoder(source, lanes, ranges, model, depth, max_error)
    walk.run()
    return walk.finish(), [values.plane() for values in walk.values]


def decode_tile(
    stream: memoryview, lanes: Lanes, ranges: Sequence[PlaneRange], model: Model, depth: int, max_error: int
) -> list[Integers]:
    """The planes of a tile. Raises CorruptFileError if the stream is certainly damaged."""
    walk = _Decoder(stream, lanes, ranges, model, depth, max_error)
    walk.run()
    walk.finish()
    return [values.plane() for values in walk.values]
