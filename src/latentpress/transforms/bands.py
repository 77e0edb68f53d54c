"""Bands of a wavelet as values of places: what stands on the same square of pixels together."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.transforms.blocks import Blocks
from latentpress.transforms.lifting import Bands

__all__ = ["Gathered"]


@dataclass(frozen=True)
class Gathered:
    """Stage: `Bands` of ``planes`` planes at ``levels`` levels to (M, h, w), h x w being the size of the coarse planes
    and M = planes * 4^levels: all coefficients of a square of 2^levels pixels. Exact.
    """

    planes: int
    levels: int

    def forward(self, bands: Bands) -> NDArray[Any]:
        """Band after band."""
        coarse = bands[0].shape[1]
        parts = [Blocks(band.shape[1] // coarse).forward(band).transpose(2, 0, 1) for band in bands]
        return np.concatenate(parts)

    def inverse(self, gathered: NDArray[Any]) -> Bands:
        """Bands again."""
        bands, start = [], 0
        for count, height, _ in self.shapes(*gathered.shape[1:]):
            side = height // gathered.shape[1]
            part = gathered[start : start + count * side * side].transpose(1, 2, 0)
            bands.append(Blocks(side, (count,)).inverse(part))
            start += count * side * side
        return bands

    def shapes(self, height: int, width: int) -> list[tuple[int, ...]]:
        """Of the bands of coarse planes of this size."""
        details = [(3 * self.planes, height << level, width << level) for level in range(self.levels)]
        return [(self.planes, height, width), *details]
