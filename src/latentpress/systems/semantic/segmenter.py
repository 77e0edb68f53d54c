"""A segmenter in whole numbers: cells of 8 x 8 pixels by colour and texture, to the nearest centre of k-means.

All sums and distances are integers, so a picture has one map, on every machine.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.image import Samples
from latentpress.systems.semantic.layout import CELL, CLASSES, LUMA_SHIFT

__all__ = ["features", "nearest", "segmented", "settled"]

Whole = NDArray[np.int64]
Map = NDArray[np.uint8]

_ACTIVITIES = np.rint(2.0 ** (np.arange(1, 120) / 8)).astype(
    np.int64
)  # sums of slopes of a cell, an eighth octave apart


def features(pixels: Samples) -> Whole:
    """(4, h, w) of samples (H, W, 1 or 3) of 8 bits: means of luma and of two differences of colour, and how rough a
    cell is, in eighths of an octave. Cells at the right and lower edge are filled up with the last pixels.
    """
    height, width = pixels.shape[:2]
    rgb = np.broadcast_to(pixels, (height, width, 3)).astype(np.int64)
    rgb = np.pad(rgb, ((0, -height % CELL), (0, -width % CELL), (0, 0)), mode="edge")
    luma = (77 * rgb[..., 0] + 150 * rgb[..., 1] + 29 * rgb[..., 2]) >> LUMA_SHIFT
    rough = np.abs(np.diff(luma, axis=0, append=luma[-1:])) + np.abs(np.diff(luma, axis=1, append=luma[:, -1:]))
    means = [_sums(plane) // CELL**2 for plane in (luma, rgb[..., 2] - luma, rgb[..., 0] - luma)]
    return np.stack([*means, np.searchsorted(_ACTIVITIES, _sums(rough), side="right")])


def nearest(found: Whole, centres: Whole) -> Map:
    """The nearest of the centres (CLASSES, 4) for features (4, h, w); of equal ones the first."""
    apart = np.square(found[None] - centres[:, :, None, None]).sum(axis=1)
    classes: Map = apart.argmin(axis=0).astype(np.uint8)
    return classes


def settled(classes: Map) -> Map:
    """A map without lonely cells: what most of a cell and its eight neighbours are, the cell itself counting thrice."""
    height, width = classes.shape
    votes = np.zeros((CLASSES, height, width), np.int64)
    padded = np.pad(classes, 1, mode="edge")
    for y in range(3):
        for x in range(3):
            seen = padded[y : y + height, x : x + width]
            votes += (3 if (y, x) == (1, 1) else 1) * (seen[None] == np.arange(CLASSES)[:, None, None])
    most: Map = votes.argmax(axis=0).astype(np.uint8)
    return most


def segmented(pixels: Samples, centres: Whole, depth: int = 8) -> Map:
    """The map (h, w) of a picture's cells."""
    shown: NDArray[Any] = pixels if depth == 8 else pixels >> depth - 8
    return settled(nearest(features(shown), centres))


def _sums(plane: Whole) -> Whole:
    height, width = plane.shape
    sums: Whole = plane.reshape(height // CELL, CELL, width // CELL, CELL).sum(axis=(1, 3))
    return sums
