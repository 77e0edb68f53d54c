"""The walk over the sub-images of a tile, the same for all who code.

Steps: d, b and c, each plane by plane; a step goes by batches, a batch in two parts, low frequencies first. A step is
that of a position and a kind of plane, which is how many planes it is predicted from beside itself: 0, 1 or 2.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import Alphabet
from latentpress.codecs.lossless.features import Features
from latentpress.codecs.lossless.model import network_inputs
from latentpress.codecs.lossless.predictor import Guess
from latentpress.codecs.lossless.ranges import PlaneRange
from latentpress.codecs.lossless.refinement import Refinement
from latentpress.codecs.lossless.stream import ResidualPort
from latentpress.codecs.lossless.tables import AdaptiveTables
from latentpress.progress import steps
from latentpress.systems.lc_fdnet.frequencies import high_inputs, log_scale, statistics, threshold
from latentpress.systems.lc_fdnet.model import StepModel
from latentpress.systems.lc_fdnet.predictor import StepPredictor
from latentpress.systems.lc_fdnet.subimages import ORDER, A, Grid, Sheet

__all__ = ["Batch", "StepWalk", "true_values"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_CONTEXT = 8  # neighbours that `Refinement` compares with the prediction


@dataclass(frozen=True)
class Batch:
    """Pixels that are coded at once. chosen: (N,), which of the pixels of row ``r`` of the lanes, lane by lane."""

    position: int
    plane: int
    r: int
    chosen: Integers


def true_values(planes: Sequence[NDArray[Any]]) -> Callable[[Batch], Integers]:
    """What gives the values of a batch, of whole planes (height, width)."""
    sheets = [Sheet.of(plane) for plane in planes]

    def values(batch: Batch) -> Integers:
        sheet = sheets[batch.plane]
        lane, column = np.divmod(batch.chosen, sheet.grid.columns)
        rows = sheet.grid.rows(batch.position, batch.r)
        return sheet.inside(batch.position)[rows][lane, column].astype(np.int64)

    return values


class StepWalk:
    """Predictors and probability tables of a tile; `run` visits the pixels of d, b and c.

    port: what codes; true: gives the values of a batch, None where a decoder does not know them. ranges: of each plane.
    first: the values of a, of each plane. depth: bits a sample.
    """

    def __init__(
        self,
        port: ResidualPort,
        true: Callable[[Batch], Integers] | None,
        grid: Grid,
        ranges: Sequence[PlaneRange],
        model: StepModel,
        depth: int,
        first: Sequence[NDArray[Any]],
    ) -> None:
        self._port, self._true, self._grid = port, true, grid
        self._alphabets = [Alphabet(bounds.bits) for bounds in ranges]
        self._values = [Sheet(grid) for _ in ranges]
        for sheet, plane in zip(self._values, first, strict=True):
            sheet.fill(A, plane)
        self._errors = [Sheet(grid) for _ in ranges]
        self._ranges, self._model, self._shift = ranges, model, depth - 8
        self._tables = [
            AdaptiveTables(model.counts(len(bounds.sees)), alphabet)
            for bounds, alphabet in zip(ranges, self._alphabets, strict=True)
        ]

    def run(self) -> list[Integers]:
        """Visit all pixels; gives the planes (height, width). Raises CorruptFileError if a stream is surely damaged."""
        for position in steps(ORDER, len(ORDER)):
            for plane in steps(range(len(self._ranges)), len(self._ranges)):
                self._step(position, plane)
        return [sheet.plane() for sheet in self._values]

    def _step(self, position: int, plane: int) -> None:
        seen = (*self._ranges[plane].sees, plane)
        values, errors = ([sheets[one] for one in seen] for sheets in (self._values, self._errors))
        model, grid, kind = self._model, self._grid, len(seen) - 1
        predictor = StepPredictor(grid, position, values, errors, model.start(position, kind), self._shift)
        if min(grid.shape(position)):
            refinement = Refinement(self._shift, 1, self._model.first.bias)
            about = statistics(values[-1], grid, position, self._shift)
            border = threshold(model.threshold(position, kind), about)
            for r in range(grid.lane_rows):
                if grid.count(position, r):
                    self._visit(predictor, refinement, border, position, plane, r)
        predictor.close()

    def _visit(
        self, predictor: StepPredictor, refinement: Refinement, border: int, position: int, plane: int, r: int
    ) -> None:
        guess = predictor.look(r)
        inputs = network_inputs(guess, self._shift)
        kind = len(self._ranges[plane].sees)
        correction, spread = self._model.low(position, kind, inputs)
        below = log_scale(guess.features, spread, self._shift) < border
        inside = predictor.inside(r)
        values = guess.features.base.copy()

        low = Batch(position, plane, r, np.flatnonzero(below & inside))
        values[low.chosen] = self._code(low, refinement, guess, correction[low.chosen], spread[low.chosen])
        high = Batch(position, plane, r, np.flatnonzero(~below & inside))
        if high.chosen.size:
            known = (below & inside).reshape(-1, self._grid.columns)
            errors = (16.0 * values - guess.value(correction)).reshape(known.shape) * known
            more = high_inputs(inputs, guess, (correction, spread), errors, known, high.chosen)
            further, wider = self._model.high(position, kind, more)
            values[high.chosen] = self._code(
                high, refinement, guess, correction[high.chosen] + further, spread[high.chosen] + wider
            )
        predictor.learn(r, guess, values)

    def _code(self, batch: Batch, refinement: Refinement, guess: Guess, correction: Floats, spread: Floats) -> Floats:
        """Code a part of what was guessed; gives its values."""
        if not batch.chosen.size:
            return np.zeros(0)
        part = _part(guess, batch.chosen)
        bounds, tables = self._ranges[batch.plane], self._tables[batch.plane]
        refined = refinement(part, correction, spread)
        centre = np.minimum(np.maximum(refined.nearest, bounds.low), bounds.high)
        wanted = None if self._true is None else (self._true(batch) - centre) * refined.sign
        symbols, residuals = self._port.rows(
            wanted, self._alphabets[batch.plane], refined.tables, tables.rows(refined.tables), batch.plane
        )
        values: Floats = (centre + refined.sign * residuals).astype(np.float64)
        tables.learn(refined.tables, symbols)
        refinement.learn(values)
        return values


def _part(guess: Guess, chosen: Integers) -> Guess:
    """Some pixels of a batch, with as many features as refinement needs."""
    of = guess.features
    linear = of.linear[:_CONTEXT].take(chosen, axis=1)
    features = Features(linear, of.base[chosen], of.scale[chosen], of.level[chosen], of.errors[:0].take(chosen, axis=1))
    return Guess(slice(0, len(chosen)), features, guess.prediction[chosen], guess.shared[chosen])
