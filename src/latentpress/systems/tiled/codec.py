"""`TiledCodec`: each tile has as many layers of residual as its quality takes."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.closed_loop import STEP_ONE, Around, Border, ClosedLoopModel
from latentpress.codecs.latent import LatentCodec
from latentpress.codecs.maps import code_map
from latentpress.codecs.ports import Port
from latentpress.systems.tiled.layout import BORDER, SIDE

__all__ = ["TiledCodec", "TiledModel"]

Whole = NDArray[np.integer[Any]]

_FINER = 8  # rate indices from a layer to the next: half an octave


class TiledModel(ClosedLoopModel):
    """One network, ``predict``. A side is a number of layers: 0 is the prediction alone, the step of layer n is that of
    rate index 8 (n - 1).
    """

    stride: ClassVar[int] = SIDE
    border: ClassVar[Border] = BORDER

    @property
    def layers(self) -> int:
        """The most of a tile."""
        return 1 + self.last_rate // _FINER

    def predict(self, around: Around, rate: int, sides: Whole) -> Whole:
        """See `ClosedLoopModel.predict`."""
        return self.guess("predict", around, rate)

    def step(self, rate: int, sides: Whole) -> Whole:
        """See `ClosedLoopModel.step`. Tiles without layers have no symbols."""
        steps: Whole = self._steps[_FINER * np.maximum(sides - 1, 0)][:, None]
        return steps

    def choose(self, around: Around, rate: int, target: NDArray[Any], least: int) -> Whole:
        """As few layers as make the tile as good as the rate asks: a mean squared error of a twelfth of its step."""
        rest = target - self.predict(around, rate, np.zeros(len(target), np.int32))
        enough = (self._steps[rate] / STEP_ONE) ** 2 / 12
        chosen, left = np.full(len(rest), self.layers), np.arange(len(rest))
        for layers in range(self.layers):
            step = self.step(rate, np.full(len(left), layers))
            shown = self.residuals.rest(self.residuals.symbols(rest[left], step), step) if layers else 0
            good = np.square(rest[left] - shown).mean(axis=1) <= enough
            chosen[left[good]] = layers
            left = left[~good]
            if not left.size:
                break
        return chosen

    def symbols(self, rest: NDArray[Any], rate: int, sides: Whole) -> Whole:
        """See `ClosedLoopModel.symbols`."""
        return super().symbols(rest, rate, sides) * (sides > 0)[:, None]

    def code_sides(self, port: Port, wanted: Whole | None, shape: tuple[int, int]) -> Whole:
        """See `ClosedLoopModel.code_sides`."""
        return code_map(port, wanted, shape, self.layers, "layers")


class TiledCodec(LatentCodec[TiledModel]):
    """Lossy codec after Minnen 2017: tiles predicted from decoded ones by a network, each refined until good enough.

    Quality says how good; tiles that the network foretells well take few bits or none.
    """

    id: ClassVar[str] = "tiled"
    model_class = TiledModel
    largest_tile: ClassVar[int] = 2**14
