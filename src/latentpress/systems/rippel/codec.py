"""`RippelCodec` and its model: the walk over the bit planes of a tile."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveBits, even_bits
from latentpress.codecs.latent import LatentCodec, LatentModel, TileSettings, Values
from latentpress.codecs.ports import Port
from latentpress.systems.rippel.layout import LARGEST, PLANES, SIZES, context

__all__ = ["RippelCodec", "RippelModel"]

_TALL = 8  # kinds of codes: their number's logarithm


class RippelModel(LatentModel):
    """Transforms of a package, whose latents are codes of eight bits."""

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Any, tile: TileSettings) -> Values:
        """See `LatentModel.code`. From the highest plane down; signs at the end, as they are."""
        wanted = None if latents is None else np.clip(np.rint(latents), -LARGEST, LARGEST).astype(np.int32)
        kind = np.frexp(np.arange(1, self.latents + 1))[1] - 1
        kind = np.minimum(kind, _TALL - 1).astype(np.int32)[:, None, None] * SIZES
        sizes: NDArray[np.int32] = np.zeros((self.latents, *shape), np.int32)
        given = None if wanted is None else np.abs(wanted)
        for plane in reversed(range(PLANES)):
            bits = AdaptiveBits(f"plane {plane}", _TALL * SIZES, alike=_TALL)
            place = (kind + context(sizes, plane)).ravel()
            found = bits.code(port, None if given is None else (given.ravel() >> plane) & 1, place)
            sizes |= found.reshape(sizes.shape).astype(np.int32) << plane
        seen = sizes > 0
        signs = even_bits(port, None if wanted is None else wanted[seen] < 0, int(seen.sum()))
        sizes[seen] = np.where(signs, -sizes[seen], sizes[seen])
        return Values(sizes.astype(np.float32), (sizes,))


class RippelCodec(LatentCodec[RippelModel]):
    """Learned generative codec: a pyramid of features, bit planes, a decoder taught by critics.

    The arguments are those of `LatentCodec`.
    """

    id: ClassVar[str] = "rippel"
    model_class = RippelModel
