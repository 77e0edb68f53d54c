"""`SpihtCodec`: the 9/7 wavelet and set partitioning in hierarchical trees."""

from __future__ import annotations

from typing import Any, ClassVar

from latentpress.codecs.layered import LayeredCodec
from latentpress.codecs.plain import Plain, PlainModel
from latentpress.codecs.stages import Stage
from latentpress.codecs.zerotrees import LEVELS, ZerotreeModel
from latentpress.transforms.lifting import CDF97, Pyramid

__all__ = ["SpihtCodec", "SpihtModel"]


class SpihtModel(PlainModel, ZerotreeModel):
    """Trees that stand on a coefficient for each 32x32 pixels."""

    reach: ClassVar[int] = 4  # the filters see 124 pixels

    def bank(self) -> Stage[Any, Any]:
        """See `ZerotreeModel.bank`."""
        return Pyramid(CDF97, LEVELS)


class SpihtCodec(Plain, LayeredCodec[SpihtModel]):
    """Progressive lossy codec: a wavelet's coefficients in trees (SPIHT, 1996); files may be cut off.

    Quality 0 is the first of 20 layers, 100 all of them. threads: that work on tiles of a large picture.
    """

    id: ClassVar[str] = "spiht"
    model_class: ClassVar[type[SpihtModel]] = SpihtModel
    largest_tile: ClassVar[int] = 2**12
