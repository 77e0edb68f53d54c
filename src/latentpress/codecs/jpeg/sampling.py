"""Coarser planes for chroma, and finer ones back: means, and libjpeg's interpolation ("fancy upsampling")."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.markers import Frame
from latentpress.errors import UnsupportedError

__all__ = ["Resample"]

Plane = NDArray[np.uint8]


class Resample:
    """Stage: planes (H, W) of a picture to those of a frame's components, grown to whole units by their last samples:
    to the right those of the picture, below those of the component, as in libjpeg.

    Down, samples are means. Up, a factor of two takes three quarters of the nearer sample and a quarter of the next;
    other factors repeat. Raises UnsupportedError where factors do not divide each other.
    """

    def __init__(self, frame: Frame) -> None:
        self._frame = frame
        down, across = frame.most
        self._factors = [(down // part.vertical, across // part.horizontal) for part in frame.components]
        if any(down % part.vertical or across % part.horizontal for part in frame.components):
            raise UnsupportedError("JPEG files whose sampling factors do not divide each other are not decoded")

    def forward(self, planes: list[Plane]) -> list[Plane]:
        """The components' samples."""
        found = []
        for index, (plane, (down, across)) in enumerate(zip(planes, self._factors, strict=True)):
            rows, columns = self._frame.blocks(index)
            height, width = plane.shape
            plane = np.pad(plane, ((0, -height % down), (0, 8 * columns * across - width)), mode="edge")
            plane = _means(plane, down, across)
            found.append(np.pad(plane, ((0, 8 * rows - plane.shape[0]), (0, 0)), mode="edge"))
        return found

    def inverse(self, planes: list[Plane]) -> list[Plane]:
        """Planes of the picture's size."""
        height, width = self._frame.height, self._frame.width
        found = []
        for plane, (down, across) in zip(planes, self._factors, strict=True):
            plane = plane[: -(-height // down), : -(-width // across)]
            found.append(_finer(plane, down, across)[:height, :width])
        return found


def _means(plane: Plane, down: int, across: int) -> Plane:
    """Means of rectangles. For 4:2:2 and 4:2:0 halves go up and down by turns, so that nothing gets brighter."""
    if (down, across) == (1, 1):
        return plane
    parts = plane.reshape(plane.shape[0] // down, down, plane.shape[1] // across, across)
    sums = parts.sum(axis=(1, 3), dtype=np.uint16)
    half = down * across // 2
    sums += half - 1 + (np.arange(sums.shape[1], dtype=np.uint16) & 1) if (across, down) in ((2, 1), (2, 2)) else half
    means: Plane = (sums // (down * across)).astype(np.uint8)
    return means


def _finer(plane: Plane, down: int, across: int) -> Plane:
    """More samples. Each direction rounds for itself only in 4:2:2 and 4:4:0, where there is one."""
    smooth = {1, 2} >= {down, across} and (plane.shape[1] > 2 or across == 1)
    if not smooth:
        return plane.repeat(down, 0).repeat(across, 1)
    if (down, across) == (2, 2):
        sums = _between(_between(plane.astype(np.uint16), 0), 1)
        sums[:, ::2] += 8
        sums[:, 1::2] += 7
        return (sums >> 4).astype(np.uint8)
    for axis, factor in enumerate((down, across)):
        if factor == 2:
            sums = np.moveaxis(_between(plane.astype(np.uint16), axis), axis, 0)
            sums[::2] += 1
            sums[1::2] += 2
            plane = np.moveaxis(sums >> 2, 0, axis).astype(np.uint8)
    return plane


def _between(plane: NDArray[np.uint16], axis: int) -> NDArray[np.uint16]:
    """Two samples for each along an axis: three times it, and the one before or after; the last ones are repeated."""
    near = np.moveaxis(plane, axis, 0)
    out = np.repeat(near * 3, 2, axis=0)
    out[::2] += np.concatenate([near[:1], near[:-1]])
    out[1::2] += np.concatenate([near[1:], near[-1:]])
    return np.moveaxis(out, 0, axis)
