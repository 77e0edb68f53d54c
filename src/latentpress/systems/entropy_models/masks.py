"""What contexts see, and the orders of coding that this allows."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.orders import Diagonals, Order
from latentpress.systems.entropy_models.layout import neighbours_2d

__all__ = ["MASKS", "SEGMENTS", "Mask", "Offsets", "Rasters", "passes_of", "tokens"]

Offsets = list[tuple[int, int, int]]
"""In channels, rows and columns."""


@dataclass(frozen=True)
class Rasters(Order):
    """Channel after channel, each in a raster scan, for masks that reach one step along every axis: as many places at a
    time as see none of one another.
    """

    def numbers(self, channels: int, height: int, width: int) -> NDArray[np.int32]:
        """See `Order.numbers`."""
        channel, row, column = (np.arange(length, dtype=np.int32) for length in (channels, height, width))
        return 4 * channel[:, None, None] + 2 * row[:, None] + column


@dataclass(frozen=True)
class Mask:
    """What the first layer sees of the latents, without the place itself, and hidden ones of the layer below."""

    order: Order
    first: Offsets
    hidden: Offsets

    @property
    def own(self) -> Offsets:
        """Those of the first layer in the same channel."""
        return [place for place in self.first if place[0] == 0]


def _cube(depth: range, reach: int) -> Offsets:
    around = range(-reach, reach + 1)
    return list(itertools.product(depth, around, around))


MASKS = {
    # Mentzer et al. 2018 (arXiv 1801.04260): kernels of 2 x 3 x 3
    "masked-3d": Mask(
        Rasters(),
        [place for place in _cube(range(-1, 1), 1) if place < (0, 0, 0)],
        [place for place in _cube(range(-1, 1), 1) if place <= (0, 0, 0)],
    ),
    # Li et al. 2020 (arXiv 1906.10057): zig-zag, groups of equal channel + row + column
    "ccn": Mask(
        Diagonals(),
        [place for place in _cube(range(-2, 3), 2) if sum(place) < 0],
        [place for place in _cube(range(-1, 2), 1) if sum(place) <= 0],
    ),
}
"""By the kind of entropy model."""

SEGMENTS = 4
"""Of equally many channels, each a token of the attention at every place."""


def tokens(kind: str, segment: int, reach: int) -> Offsets:
    """Tokens that one of a segment attends to: segment, and row and column from its place, in a window. Where channels
    go first, those of earlier places and of earlier segments here; else all of earlier segments, and earlier ones of
    its own.
    """
    before, around = neighbours_2d(reach), range(-reach, reach + 1)
    if kind == "contextformer-channel":
        earlier = [(other, *place) for other in range(SEGMENTS) for place in before]
        return earlier + [(other, 0, 0) for other in range(segment)]
    return list(itertools.product(range(segment), around, around)) + [(segment, *place) for place in before]


def passes_of(kind: str, waves: int) -> list[tuple[int, int]]:
    """Segment and wave of each pass, in the order of coding."""
    if kind == "contextformer-channel":
        return [(segment, wave) for wave in range(waves) for segment in range(SEGMENTS)]
    return list(itertools.product(range(SEGMENTS), range(waves)))
