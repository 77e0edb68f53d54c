"""`Places`: at which places of a tile the next layer goes on (Johnston et al. 2018, arXiv 1703.10114, section 3.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveBits
from latentpress.codecs.embedded import around
from latentpress.codecs.ports import Port

__all__ = ["Places"]

_LAYERS = 16  # later ones have the chances of the last of these


class Places:
    """Codes the maps of layer after layer of a tile of ``shape`` (h, w). A place that has stopped stays so; each of the
    others has a bit, in the context of the layer and of how many of its neighbours go on: those of the layer before on
    the first field of a chessboard, of the same layer on the second.
    """

    def __init__(self, shape: tuple[int, int]) -> None:
        self._coded = AdaptiveBits("places", 2 * 5 * _LAYERS, alike=_LAYERS)
        self._there, self._number = np.ones(shape, bool), 0
        self._odd = np.indices(shape).sum(axis=0) % 2

    def layer(self, port: Port, wanted: NDArray[np.bool_] | None) -> NDArray[np.bool_]:
        """Whether each place (h, w) has codes in the next layer. wanted: see `Port`."""
        there, first = self._there.copy(), 10 * min(self._number, _LAYERS - 1)
        for phase in (0, 1):
            where = self._there & (self._odd == phase)
            context = (around(there.astype(np.int32)) + 5 * phase)[where] + first
            there[where] = self._coded.code(port, None if wanted is None else wanted[where], context)
        self._there, self._number = there, self._number + 1
        return there.copy()
