"""`PeixotoCodec`: the best of 37 predictions for each block, and the DCT of what is left."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveBits
from latentpress.codecs.closed_loop import Around, Border, ClosedLoopModel
from latentpress.codecs.latent import LatentCodec, TileSettings, Window
from latentpress.codecs.ports import Port
from latentpress.errors import CorruptFileError
from latentpress.systems.peixoto.layout import BORDER, NETWORKS, SIDE
from latentpress.systems.peixoto.modes import MODES, edge_of, modes_of

__all__ = ["PeixotoCodec", "PeixotoModel"]

Whole = NDArray[np.integer[Any]]

_BITS = 6  # of a side: networks first, then planar, mean, directions
_MATRIX = modes_of(SIDE).reshape(-1, 4 * SIDE + 1).T.astype(np.float64)


class PeixotoModel(ClosedLoopModel):
    """Networks ``predict_0`` and ``predict_1``."""

    stride: ClassVar[int] = SIDE
    border: ClassVar[Border] = BORDER

    def predict(self, around: Around, rate: int, sides: Whole) -> Whole:
        """See `ClosedLoopModel.predict`."""
        levels = np.zeros((len(sides), self.latents), np.int64)
        for side in np.unique(sides):
            mine = sides == side
            part = Around(around.levels[:, mine], around.mean[:, mine], around.known[mine])
            if side < NETWORKS:
                levels[mine] = self.guess(f"predict_{side}", part, rate)
            else:
                of = slice((side - NETWORKS) * SIDE**2, (side - NETWORKS + 1) * SIDE**2)
                levels[mine] = _along(part, _MATRIX[:, of])
        return levels

    def choose(self, around: Around, rate: int, target: NDArray[Any], least: int) -> Whole:
        """The prediction with the least squared error."""
        errors = [np.square(target - self.guess(f"predict_{net}", around, rate)).sum(axis=1) for net in range(NETWORKS)]
        tried = _along(around, _MATRIX).reshape(len(target), 3, MODES, SIDE**2)
        wanted = target.reshape(len(target), 3, 1, SIDE**2)
        errors += list(np.square(wanted - tried).sum(axis=(1, 3)).T)
        best: Whole = least + np.argmin(errors[least:], axis=0)
        return best

    def code_sides(self, port: Port, wanted: Whole | None, shape: tuple[int, int]) -> Whole:
        """From the highest bit to the lowest, each with chances that adapt for all that are above it."""
        coder, node = AdaptiveBits("sides", 2**_BITS), np.ones(shape[0] * shape[1], np.int64)
        for place in reversed(range(_BITS)):
            given = None if wanted is None else wanted.ravel() >> place & 1
            node = node << 1 | coder.code(port, given, node)
        sides: Whole = node.reshape(shape) - 2**_BITS
        if sides.max() >= NETWORKS + MODES:
            raise CorruptFileError("the symbol stream is damaged: a prediction that there is not")
        return sides


def _along(around: Around, weights: NDArray[np.float64]) -> Whole:
    """Predictions (n, 3 * columns) by columns of the matrix of modes: sums of whole numbers, exact in any order."""
    edges = edge_of(around.levels[0], SIDE).astype(np.float64)
    return np.floor((edges @ weights + 16) * (1 / 32)).astype(np.int64).reshape(len(edges), -1)


class PeixotoCodec(LatentCodec[PeixotoModel]):
    """Lossy codec after Peixoto 2018: two networks, planar, mean and 33 directions compete for each 16x16 block.

    networks: whether the encoder tries these too. Other settings are those of `LatentCodec`.
    """

    id: ClassVar[str] = "peixoto"
    model_class = PeixotoModel
    largest_tile: ClassVar[int] = 2**14
    takes: ClassVar[frozenset[str]] = LatentCodec.takes | {"networks"}

    def __init__(self, networks: bool = True, **settings: Any) -> None:
        self._least = 0 if networks else NETWORKS
        super().__init__(networks=networks, **settings)

    def find(self, model: PeixotoModel, window: Window, rate: int, settings: TileSettings) -> NDArray[np.float32]:
        """See `LatentCodec.find`."""
        return model.analysis(window.planes, rate, self._least)
