"""Reversible colour transform: RGB to one luma-like and two difference planes, in integers, without any loss."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["rgb_to_yuv", "yuv_to_rgb"]

Integers = NDArray[np.int32]


def rgb_to_yuv(rgb: NDArray[np.integer[Any]]) -> Integers:
    """(H, W, 3) samples to planes Y, U, V (3, H, W).

    ``V = R - G``, ``U = B - [(87 R + 169 G) / 256]``, ``Y = G + [(86 V + 29 U) / 256]``, where [] rounds to the nearest
    integer, halves up. The lifting steps of Rhee et al. 2020 (channel-wise progressive lossless coding). For samples
    0..M the planes lie in 0..M (Y) and -M..M (U, V): each step adds a rounded mean, which lies between its operands.
    """
    r, g, b = (rgb[..., c].astype(np.int32) for c in range(3))
    v = r - g
    u = b - ((87 * r + 169 * g + 128) >> 8)
    return np.stack([g + ((86 * v + 29 * u + 128) >> 8), u, v])


def yuv_to_rgb(planes: NDArray[np.integer[Any]]) -> Integers:
    """The inverse of `rgb_to_yuv`: (3, H, W) to (H, W, 3). Planes that no picture gives may yield samples out of
    range."""
    y, u, v = planes.astype(np.int32)
    g = y - ((86 * v + 29 * u + 128) >> 8)
    r = v + g
    b = u + ((87 * r + 169 * g + 128) >> 8)
    return np.stack([r, g, b], axis=-1)
