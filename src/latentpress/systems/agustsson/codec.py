"""`AgustssonCodec` and its model: the walk over the codes of a tile."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveBits
from latentpress.codecs.interlaced import interlaced
from latentpress.codecs.latent import LatentCodec, LatentModel, TileSettings, Values
from latentpress.codecs.ports import Port
from latentpress.codecs.roi import Roi
from latentpress.container import INTEREST, STREAM, TILES
from latentpress.systems.agustsson.layout import REACH, codes_at

__all__ = ["AgustssonCodec", "AgustssonModel"]

_AROUND = 8 * REACH + 2  # sums of four neighbours, and where none is known


class AgustssonModel(LatentModel):
    """Transforms of a package, whose latents are codes; ``latents``: of a place at the last rate."""

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Any, tile: TileSettings) -> Values:
        """See `LatentModel.code`. Places that are not of interest have no codes: all are 0 there."""
        count = codes_at(rate, self.steps)
        kept = np.ones(shape, bool) if tile.interest is None else tile.interest > 0
        levels = np.zeros((self.latents, *shape), np.int32)
        coder = _Levels(self.latents)
        wanted = None if latents is None else np.clip(np.rint(latents), -REACH, REACH).astype(np.int32)
        for number in range(count):
            levels[number] = coder.code(port, None if wanted is None else wanted[number], number, kept)
        return Values(levels.astype(np.float32), (levels,))

    def interest(self, roi: Roi) -> NDArray[np.int8] | None:
        """1 for places that are kept, 0 for those that the decoder makes up. Nothing of interest: all is kept."""
        height, width = roi.weights.shape
        padded = np.pad(roi.weights, ((0, -height % self.stride), (0, -width % self.stride)))
        blocks = padded.reshape(padded.shape[0] // self.stride, self.stride, -1, self.stride)
        kept = (blocks.max(axis=(1, 3)) > 0).astype(np.int8)
        return None if kept.all() or not kept.any() else kept


class AgustssonCodec(LatentCodec[AgustssonModel]):
    """Learned generative codec for very low rates. With regions of interest only these are coded, and the decoder makes
    up the rest.

    The arguments are those of `LatentCodec`.
    """

    id: ClassVar[str] = "agustsson"
    model_class = AgustssonModel
    regions: ClassVar[bool] = True
    kinds: ClassVar[tuple[int, ...]] = (STREAM, TILES, INTEREST)


class _Levels:
    """Coder of levels: whether each is above -2, above -1 and so on, seen from its number and from the four decoded
    levels around. From coarse to fine, so that all but one have neighbours.
    """

    def __init__(self, latents: int) -> None:
        self._bits = AdaptiveBits("levels", latents * 2 * REACH * _AROUND, alike=latents)

    def code(
        self, port: Port, wanted: NDArray[np.int32] | None, number: int, kept: NDArray[np.bool_]
    ) -> NDArray[np.int32]:
        """Code the levels (h, w) of codes of a number; 0 where none is ``kept``."""
        levels: NDArray[np.int32] = np.zeros(kept.shape, np.int32)
        for batch in interlaced(*kept.shape):
            there = kept[batch.places]
            around = np.full(there.shape, _AROUND - 1)
            if batch.reach:
                around = batch.known(levels).sum(axis=0) + 4 * REACH
            around, part = around[there], np.full(int(there.sum()), -REACH, np.int32)
            given, left = None if wanted is None else wanted[batch.places][there], np.arange(part.size)
            for above in range(-REACH, REACH):
                context = (number * 2 * REACH + above + REACH) * _AROUND + around[left]
                more = self._bits.code(port, None if given is None else given[left] > above, context)
                left = left[more]
                part[left] += 1
            levels[batch.places][there] = part
        return levels
