"""The walk over a component's coefficients that encoder, decoder and the training share."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import Port
from latentpress.systems.jpeg.features import Sight, group_of
from latentpress.systems.jpeg.field import DIAGONALS, NATURAL, Field, ends
from latentpress.systems.jpeg.grid import Level, levels
from latentpress.systems.jpeg.model import JpegModel
from latentpress.systems.jpeg.residuals import Coder

__all__ = ["code_component"]

Integers = NDArray[np.int64]


def code_component(
    port: Port, model: JpegModel, kind: int, field: Field, guides: Sequence[Field], wanted: NDArray[np.int16] | None
) -> None:
    """Code a component and fill in its field. kind: 0 luma, 1 and 2 chroma; wanted: (blocks, 64) in natural order."""
    for level in levels(field.rows, field.columns):
        true = None if wanted is None else np.ascontiguousarray(wanted[level.blocks].T)
        _Level(port, model, kind, level, field, guides, true).run()


class _Level:
    def __init__(
        self,
        port: Port,
        model: JpegModel,
        kind: int,
        level: Level,
        field: Field,
        guides: Sequence[Field],
        true: NDArray[np.int16] | None,
    ) -> None:
        self._coder, self._model, self._kind = Coder(port, model.chances), model, kind
        self._level, self._field, self._true = level, field, true
        self._sight = Sight(level, field, guides)
        self._values = np.zeros((64, level.blocks.size), np.int16)
        self._surprise = np.zeros((64, level.blocks.size), np.int32)
        self._guess = model.predictors[kind][level.number].start(level, field, guides)

    def run(self) -> None:
        top = self._tops()
        for place in NATURAL[:0:-1].tolist():
            here = np.flatnonzero(top >= DIAGONALS[place])
            if here.size:
                guess = self._guess.at(place)[here]
                inputs = self._sight.ac(place, here, top[here], guess)
                self._sight.learn(place, here, self._code(place, here, guess, inputs))
                self._guess.learn(place, self._values[place])
        here = np.arange(top.size)
        guess = self._guess.at(0)
        self._code(0, here, guess, self._sight.dc(guess))
        self._field.fill(self._level.blocks, self._values.T, self._surprise.T)

    def _tops(self) -> NDArray[np.int16]:
        """The last diagonal of each block: from the far corner on, is it here?"""
        true = None if self._true is None else ends(self._true.T)
        network = self._model.top[min(self._kind, 1)]
        chances = self._coder.chances(network, network.hidden(self._sight.top()), slice(None))
        top = np.zeros(self._level.blocks.size, np.int16)
        left = np.arange(top.size)
        for diagonal in range(14, 0, -1):
            wanted = None if true is None else true[left] == diagonal
            found = self._coder.bits(chances[14 - diagonal, left], wanted)
            top[left[found]] = diagonal
            left = left[~found]
        return top

    def _code(self, place: int, here: Integers, guess: Integers, inputs: NDArray[np.float32]) -> NDArray[np.int16]:
        """Code a coefficient of the blocks ``here``, as its difference to the nearest whole number to a guess."""
        network = self._model.networks[min(self._kind, 1)][group_of(place)]
        centre = (guess + 8) >> 4
        wanted = None if self._true is None else (self._true[place, here] - centre) * np.where(guess < 0, -1, 1)
        rest = self._coder.residuals(network, inputs, wanted)
        values = (centre + rest * np.where(guess < 0, -1, 1)).astype(np.int16)
        self._values[place, here] = values
        self._surprise[place, here] = 16 * values.astype(np.int64) - guess
        return values
