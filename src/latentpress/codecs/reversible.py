"""`ReversibleModel`, `Reversible`: what lossless codecs of a reversible wavelet share, whole numbers all the way."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.block_bands import code_bands
from latentpress.codecs.latent import TileSettings, Values
from latentpress.codecs.means import AdaptiveMeans, code_means
from latentpress.codecs.plain import PlainModel
from latentpress.codecs.ports import Port
from latentpress.codecs.stages import Stage, chain
from latentpress.errors import CorruptFileError
from latentpress.image import Image
from latentpress.image.colour import rgb_to_yuv, yuv_to_rgb
from latentpress.transforms.bands import Gathered
from latentpress.transforms.lifting import Lifting, Pyramid

__all__ = ["LEVELS", "Reversible", "ReversibleModel"]

Float = NDArray[np.float32]

LEVELS = 5


class ReversibleModel(PlainModel):
    """The rate tells the depth of the samples in bits. A subclass has the wavelet, and how far it sees (``reach``)."""

    stride: ClassVar[int] = 2**LEVELS
    rates: ClassVar[int] = 17

    def depth(self, rate: int) -> int:
        """Of the samples, in bits: the rate itself."""
        return rate

    def wavelet(self, rate: int) -> Lifting:
        """Of a rate: whole numbers (int32) to whole numbers, and back exactly."""
        raise NotImplementedError

    def stages(self, rate: int) -> Stage[Any, Any]:
        """Grey levels R, G, B (3, H, W), multiples of those that the depth has, to whole coefficients (M, h, w)."""
        return chain(_Samples(self.depth(rate)), Pyramid(self.wavelet(rate), LEVELS), Gathered(3, LEVELS))

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        latents: Float = self.stages(rate).forward(planes[0]).astype(np.float32)
        return latents

    def code(self, port: Port, rate: int, shape: tuple[int, int], latents: Float | None, tile: TileSettings) -> Values:
        """See `LatentModel.code`."""
        if self.depth(rate) < 8:
            raise CorruptFileError(f"the file breaks the format: samples of {self.depth(rate)} bits")
        gathered = Gathered(3, LEVELS)
        wanted = None if latents is None else gathered.inverse(latents.astype(np.int32))
        low = code_means(port, AdaptiveMeans(), None if wanted is None else wanted[0], shape)
        details = code_bands(port, None if wanted is None else wanted[1:], gathered.shapes(*shape)[1:])
        exact = gathered.forward([low, *details]).astype(np.int32)
        return Values(exact.astype(np.float32), (exact,))

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        planes: Float = self.stages(rate).inverse(values.astype(np.int32))
        return planes


class _Samples:
    """Stage: grey levels 0..255 (3, H, W), as codecs have them, to Y, U, V of the samples of a depth. Exact up to 16
    bits: a float has 24.
    """

    def __init__(self, depth: int) -> None:
        self._scale = np.float32((2**depth - 1) / 255)

    def forward(self, planes: Float) -> NDArray[np.int32]:
        """Whole numbers."""
        return rgb_to_yuv(np.rint(planes * self._scale).astype(np.int32).transpose(1, 2, 0))

    def inverse(self, planes: NDArray[np.int32]) -> Float:
        """Grey levels."""
        levels: Float = yuv_to_rgb(planes).transpose(2, 0, 1).astype(np.float32) / self._scale
        return levels


class Reversible:
    """Before `Plain` and `LatentCodec` among the bases of a lossless codec whose ``model_class`` is a
    `ReversibleModel`.
    """

    lossless: ClassVar[bool] = True
    largest_tile: ClassVar[int] = 2**12

    def rate_of(self, model: Any, quality: float, image: Image) -> tuple[int, float]:
        """See `LatentCodec.rate_of`."""
        return image.bit_depth, 0.0
