"""`SpihtCodec`: the 9/7 wavelet and set partitioning in hierarchical trees."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.layered import LayeredCodec
from latentpress.codecs.plain import Plain, PlainModel
from latentpress.codecs.stages import Divide, Stage, chain
from latentpress.codecs.zerotrees import LEVELS, STEP, ZerotreeModel
from latentpress.transforms import ToYcc
from latentpress.transforms.bands import Gathered
from latentpress.transforms.lifting import CDF97, Pyramid

__all__ = ["SpihtCodec", "SpihtModel"]

Float = NDArray[np.float32]


class SpihtModel(PlainModel, ZerotreeModel):
    """Trees that stand on a coefficient for each 32x32 pixels."""

    reach: ClassVar[int] = 4  # the filters see 124 pixels

    def stages(self) -> Stage[Any, Any]:
        """Planes R, G, B (3, H, W) to latents (M, h, w) in steps of the lowest bit plane."""
        return chain(ToYcc(), Divide(STEP), Pyramid(CDF97, LEVELS), Gathered(3, LEVELS))

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        latents: Float = self.stages().forward(planes[0])
        return latents

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        planes: Float = self.stages().inverse(values)
        return planes


class SpihtCodec(Plain, LayeredCodec[SpihtModel]):
    """Progressive lossy codec: a wavelet's coefficients in trees (SPIHT, 1996); files may be cut off.

    Quality 0 is the first of 20 layers, 100 all of them. threads: that work on tiles of a large picture.
    """

    id: ClassVar[str] = "spiht"
    model_class: ClassVar[type[SpihtModel]] = SpihtModel
    largest_tile: ClassVar[int] = 2**12
