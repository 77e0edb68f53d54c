"""`SpihtCodec`: the 9/7 wavelet and set partitioning in hierarchical trees."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import Values
from latentpress.codecs.layered import LayeredCodec, LayeredModel
from latentpress.codecs.plain import Plain, PlainModel
from latentpress.codecs.ports import Port, Walk
from latentpress.codecs.stages import Divide, Stage, chain
from latentpress.systems.spiht.trees import Trees
from latentpress.transforms import ToYcc
from latentpress.transforms.bands import Gathered
from latentpress.transforms.lifting import CDF97, Pyramid

__all__ = ["LAYERS", "SpihtCodec", "SpihtModel"]

Float = NDArray[np.float32]

_LEVELS = 5
_TOP = 14  # the highest bit plane; the lowest is 0, of half a grey level
_STEP = 0.5
_MIDDLE = 0.4  # of what is not known of a coefficient: where in it its value is shown

Pass = tuple[Callable[..., None], int]


def _layers() -> list[list[Pass]]:
    """The passes of each layer, and their planes: a layer for the first planes, with little in them, then two for each
    plane, of single coefficients first, which mend the most for their bits.
    """
    passes = [(of, plane) for plane in range(_TOP, -1, -1) for of in (Trees.alone, Trees.sets, Trees.refine)]
    ends = [12, 15, 18, 21, *(n for plane in range(7, 15) for n in (3 * plane + 1, 3 * plane + 3))]
    return [passes[start:end] for start, end in zip([0, *ends], ends, strict=False)]


LAYERS = _layers()
"""What is coded in each layer of a file: passes and their bit planes."""


class SpihtModel(PlainModel, LayeredModel):
    """Trees that stand on a coefficient for each 32x32 pixels."""

    stride: ClassVar[int] = 2**_LEVELS
    reach: ClassVar[int] = 4  # the filters see 124 pixels
    rates: ClassVar[int] = len(LAYERS) + 1
    layers = len(LAYERS)

    def stages(self) -> Stage[Any, Any]:
        """Planes R, G, B (3, H, W) to latents (M, h, w) in steps of the lowest bit plane."""
        return chain(ToYcc(), Divide(_STEP), Pyramid(CDF97, _LEVELS), Gathered(3, _LEVELS))

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        latents: Float = self.stages().forward(planes[0])
        return latents

    def empty(self, shape: tuple[int, int], mapped: bool = False) -> Trees:
        """See `LayeredModel.empty`."""
        return Trees(Gathered(3, _LEVELS).shapes(*shape), _TOP)

    def walk(self, values: Trees, number: int, latents: Float | None = None) -> Walk[Values]:
        """See `LayeredModel.walk`."""
        wanted = None
        if latents is not None:
            largest = 2 ** (_TOP + 1) - 1
            wanted = [
                np.clip(np.trunc(band), -largest, largest).astype(np.int32)
                for band in Gathered(3, _LEVELS).inverse(latents)
            ]

        def run(port: Port) -> Values:
            for coded, plane in LAYERS[number]:
                coded(values, port, plane, wanted)
            return Values(np.zeros(0, np.float32), (values.signed(),))

        return run

    def shown(self, values: Trees) -> Values:
        """See `LayeredModel.shown`: sixteenths of a step."""
        bands = []
        for known, negative, unknown in zip(values.known, values.negative, values.unknown, strict=True):
            middle = np.floor(16 * _MIDDLE * 2.0**unknown)
            shown = np.where(known > 0, 16 * known + middle, 0)
            bands.append(np.where(negative, -shown, shown).astype(np.float32))
        latents = Gathered(3, _LEVELS).forward(bands)
        return Values(latents * np.float32(1 / 16), (values.signed(),))

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
