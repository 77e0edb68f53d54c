"""The 9/7 wavelet as matrices.

For small maps such as the means of a picture's blocks. Coefficients stay where they belong: the low band of a level
is every second sample of the one before, in rows and columns, and the detail lies between.
"""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from latentpress.transforms.lifting import CDF97

__all__ = ["BANDS", "LEVELS", "band_maps", "bands", "forward", "inverse", "matrix"]

LEVELS = 3
"""How often the low band is split again."""

BANDS = 3 * LEVELS + 1
"""Bands: three of detail a level, and the last low one."""

Float = NDArray[np.float32]


@functools.lru_cache(maxsize=256)
def matrix(length: int) -> NDArray[np.float64]:
    """One level on ``length`` samples (length, length): rows of even number give the low band. Ends are mirrored."""
    low, high = CDF97.analyse(np.eye(length))
    x = np.empty((length, length))
    x[0::2], x[1::2] = low, high
    x.flags.writeable = False
    return x


def forward(maps: Float) -> Float:
    """Coefficients of maps (..., height, width), of the same shape."""
    out = maps.astype(np.float64)
    for step in _steps():
        part = out[..., ::step, ::step]
        down, across = (matrix(length) for length in part.shape[-2:])
        out[..., ::step, ::step] = down @ part @ across.T
    return out.astype(np.float32)


def inverse(coefficients: Float) -> Float:
    """The maps of coefficients: the inverse of `forward`."""
    out = coefficients.astype(np.float64)
    for step in reversed(_steps()):
        part = out[..., ::step, ::step]
        down, across = (np.linalg.inv(matrix(length)) for length in part.shape[-2:])
        out[..., ::step, ::step] = down @ part @ across.T
    return out.astype(np.float32)


def bands(height: int, width: int) -> NDArray[np.uint8]:
    """The band of each coefficient (height, width): 3 * level + 0, 1, 2 for detail across, down and both, from the
    finest level 0; 3 * LEVELS for the last low band.
    """
    out = np.full((height, width), 3 * LEVELS, np.uint8)
    for level, step in reversed(list(enumerate(_steps()))):
        out[::step, step :: 2 * step] = 3 * level
        out[step :: 2 * step, ::step] = 3 * level + 1
        out[step :: 2 * step, step :: 2 * step] = 3 * level + 2
    return out


def band_maps(height: int, width: int) -> Float:
    """(BANDS, height, width): 1 where a coefficient is of the band, else 0."""
    maps: Float = (bands(height, width) == np.arange(BANDS)[:, None, None]).astype(np.float32)
    return maps


def _steps() -> list[int]:
    return [2**level for level in range(LEVELS)]
