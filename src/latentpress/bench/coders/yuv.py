"""8-bit RGB to 10-bit YUV planes and back, for the coders that take nothing else.

Colour: the matrix of BT.601, which JPEG, HEIC and BPG use too, in the full or limited range of ITU-T H.273 (8.3). In
ten bits the rounding of either range is fine enough that every 8-bit RGB colour comes back exactly where no chroma is
thrown away. 4:2:0: a chroma sample is the mean of four pixels and sits in the middle between them, as in JPEG; it is
spread by linear interpolation (weights 3/4 and 1/4).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.bench.coders.base import Pixels

__all__ = ["CHROMA", "from_planes", "plane_shapes", "to_planes"]

CHROMA = {"400": 0, "420": 2, "444": 1}
"""Chroma formats, each with the step between chroma samples; 0 where there are none."""

Planes = list[NDArray[np.uint16]]

_PEAK = 1023  # of ten bits
_MIDDLE = 512  # chroma of gray
_RED, _BLUE = 0.299, 0.114  # luma weights of BT.601; green has the rest
_MATRIX = np.array(
    [
        [_RED, 1 - _RED - _BLUE, _BLUE],
        [-_RED / (2 - 2 * _BLUE), -(1 - _RED - _BLUE) / (2 - 2 * _BLUE), 0.5],
        [0.5, -(1 - _RED - _BLUE) / (2 - 2 * _RED), -_BLUE / (2 - 2 * _RED)],
    ]
)
_INVERSE = np.linalg.inv(_MATRIX)


def plane_shapes(height: int, width: int, chroma: str) -> list[tuple[int, int]]:
    """(rows, columns) of each plane. Sides are even in 4:2:0."""
    step = CHROMA[chroma]
    return [(height, width)] + ([(height // step, width // step)] * 2 if step else [])


def to_planes(pixels: Pixels, chroma: str, full_range: bool) -> Planes:
    """uint8 (H, W, 1 or 3) to uint16 planes Y, U, V of ten bits. Gray gets neutral chroma; only gray fits in 4:0:0."""
    height, width, channels = pixels.shape
    luma_gain, luma_zero, chroma_gain = _range(full_range)
    unit = pixels.astype(np.float64) / 255
    if channels == 1:
        luma = _round(unit[:, :, 0] * luma_gain + luma_zero)
        shapes = plane_shapes(height, width, chroma)[1:]
        return [luma, *(np.full(shape, _MIDDLE, np.uint16) for shape in shapes)]
    y, u, v = np.moveaxis(unit @ _MATRIX.T, 2, 0)
    coloured = [plane * chroma_gain + _MIDDLE for plane in (u, v)]
    if chroma == "420":
        coloured = [_halve(plane) for plane in coloured]
    return [_round(y * luma_gain + luma_zero), *(_round(plane) for plane in coloured)]


def from_planes(planes: Planes, channels: int, full_range: bool) -> Pixels:
    """Planes as `to_planes` makes them to uint8 (H, W, channels); gray is taken from Y alone."""
    luma_gain, luma_zero, chroma_gain = _range(full_range)
    y = (planes[0].astype(np.float64) - luma_zero) / luma_gain
    if channels == 1:
        return _to_bytes(y[:, :, np.newaxis])
    coloured = [(plane.astype(np.float64) - _MIDDLE) / chroma_gain for plane in planes[1:]]
    if coloured[0].shape != y.shape:
        coloured = [_double(plane) for plane in coloured]
    return _to_bytes(np.stack([y, *coloured], axis=2) @ _INVERSE.T)


def _range(full_range: bool) -> tuple[float, float, float]:
    """(gain of luma, its zero, gain of chroma) in ten bits."""
    return (_PEAK, 0, _PEAK) if full_range else (4 * 219, 4 * 16, 4 * 224)


def _round(plane: NDArray[np.float64]) -> NDArray[np.uint16]:
    """To the nearest ten-bit value. Full-range chroma reaches half a step past the peak and is cut there."""
    return np.clip(np.floor(plane + 0.5), 0, _PEAK).astype(np.uint16)


def _to_bytes(unit: NDArray[np.float64]) -> Pixels:
    """0..1 to uint8, rounded."""
    return np.clip(np.floor(unit * 255 + 0.5), 0, 255).astype(np.uint8)


def _halve(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Means of blocks of 2 x 2."""
    height, width = plane.shape
    means: NDArray[np.float64] = plane.reshape(height // 2, 2, width // 2, 2).mean(axis=(1, 3))
    return means


def _double(plane: NDArray[np.float64]) -> NDArray[np.float64]:
    """Twice as many samples each way, linearly interpolated about the middles; the border is repeated."""
    for axis in (0, 1):
        lines = np.moveaxis(plane, axis, 0)
        before = np.concatenate([lines[:1], lines[:-1]])
        after = np.concatenate([lines[1:], lines[-1:]])
        pairs = np.stack([0.75 * lines + 0.25 * before, 0.75 * lines + 0.25 * after], axis=1)
        plane = np.moveaxis(pairs.reshape(-1, lines.shape[1]), 0, axis)
    return plane
