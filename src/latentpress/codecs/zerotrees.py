"""`ZerotreeModel`: bands of a wavelet or of another filter bank, coded in trees plane by plane, in layers."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.latent import Values
from latentpress.codecs.layered import LayeredModel
from latentpress.codecs.ports import Port, Walk
from latentpress.codecs.stages import Divide, Stage, chain
from latentpress.codecs.trees import Trees
from latentpress.transforms import ToYcc
from latentpress.transforms.bands import Gathered

__all__ = ["LAYERS", "LEVELS", "MIDDLE", "STEP", "TOP", "ZerotreeModel"]

Float = NDArray[np.float32]
Pass = tuple[Callable[..., None], int]

LEVELS = 5
"""How often the coarse picture is split."""

TOP = 14
"""The highest bit plane; the lowest is 0, of `STEP`."""

STEP = 0.5
"""Grey levels of the lowest bit plane, where basis vectors are as long as 1."""

MIDDLE = 0.4
"""Of what is not known of a coefficient: where in it its value is shown."""

_PLANES = 3


def _layers() -> list[list[Pass]]:
    """The passes of each layer, and their planes: a layer for the first planes, with little in them, then two for each
    plane, of single coefficients first, which mend the most for their bits.
    """
    passes = [(of, plane) for plane in range(TOP, -1, -1) for of in (Trees.alone, Trees.sets, Trees.refine)]
    ends = [12, 15, 18, 21, *(n for plane in range(7, 15) for n in (3 * plane + 1, 3 * plane + 3))]
    return [passes[start:end] for start, end in zip([0, *ends], ends, strict=False)]


LAYERS = _layers()
"""What is coded in each layer of a file: passes and their bit planes."""


class ZerotreeModel(LayeredModel):
    """Trees that stand on a coefficient for each 32x32 pixels. Latents are `Gathered` bands in units of `STEP`."""

    stride: ClassVar[int] = 2**LEVELS
    rates: ClassVar[int] = len(LAYERS) + 1
    layers = len(LAYERS)

    @abstractmethod
    def bank(self) -> Stage[Any, Any]:
        """Planes Y, Cb, Cr (3, H, W) to `Bands` and back."""

    def stages(self) -> Stage[Any, Any]:
        """Planes R, G, B (3, H, W) to latents (M, h, w) in steps of the lowest bit plane."""
        return chain(ToYcc(), Divide(STEP), self.bank(), Gathered(_PLANES, LEVELS))

    def analysis(self, planes: Float, rate: int) -> Float:
        """See `LatentModel.analysis`."""
        latents: Float = self.stages().forward(planes[0])
        return latents

    def synthesis(self, values: Float, rate: int) -> Float:
        """See `LatentModel.synthesis`."""
        planes: Float = self.stages().inverse(values)
        return planes

    def trees(self, shapes: list[tuple[int, ...]]) -> Trees:
        """Trees of nothing known, of bands of these shapes."""
        return Trees(shapes, TOP)

    def empty(self, shape: tuple[int, int], mapped: bool = False) -> Trees:
        """See `LayeredModel.empty`."""
        return self.trees(Gathered(_PLANES, LEVELS).shapes(*shape))

    def walk(self, values: Trees, number: int, latents: Float | None = None) -> Walk[Values]:
        """See `LayeredModel.walk`."""
        wanted = None
        if latents is not None:
            largest = 2 ** (TOP + 1) - 1
            wanted = [
                np.clip(np.trunc(band), -largest, largest).astype(np.int32)
                for band in Gathered(_PLANES, LEVELS).inverse(latents)
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
            middle = np.floor(16 * MIDDLE * 2.0**unknown)
            shown = np.where(known > 0, 16 * known + middle, 0)
            bands.append(np.where(negative, -shown, shown).astype(np.float32))
        latents = Gathered(_PLANES, LEVELS).forward(bands)
        return Values(latents * np.float32(1 / 16), (values.signed(),))
