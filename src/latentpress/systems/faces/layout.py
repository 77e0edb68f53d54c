"""Numbers that generator, codec and training share."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["CHROMA", "FITTED", "FRAME", "LANDMARKS", "LAST_RATE", "LUMA", "SHAPE_STEP", "TABLES", "TEXTURE"]
__all__ += ["deviation_of", "level_of", "texture_step"]

LANDMARKS = 41
"""Points of a face: outline 16, eyebrows 6, eyes 8, nose 5, mouth 6."""

LUMA, CHROMA = 96, 48
"""Sides of the planes that textures are kept in."""

TEXTURE = LUMA**2 + 2 * CHROMA**2
"""Numbers of a texture: Y, Cb, Cr."""

FITTED = 24
"""Side of the plane that landmarks are found in."""

FRAME = np.array([(x, y) for y in (0.0, 0.5, 1.0) for x in (0.0, 0.5, 1.0) if (x, y) != (0.5, 0.5)])
"""Points of the picture's border that no face moves, so that what is around the head has a place in the texture."""

SHAPE_STEP = 1 / 256
"""Of the coefficients of shapes, whose components are of length 1."""

LAST_RATE = 16
"""Of the rates of a texture, a quarter of an octave of its step apart."""

TABLES = 48
"""Of probabilities, for deviations a quarter of an octave apart."""

_SMALLEST = 0.125  # steps: the deviation of table 0


def texture_step(rate: int) -> float:
    """Step of the coefficients of textures, whose components are of length 1 over all numbers of a texture."""
    return float(512 * 2.0 ** (-rate / 4))


def level_of(deviations: NDArray[Any]) -> NDArray[np.int64]:
    """Numbers of tables for deviations in steps."""
    levels: NDArray[np.int64] = np.rint(4 * np.log2(np.maximum(deviations, 1e-6) / _SMALLEST)).astype(np.int64)
    return levels


def deviation_of(levels: NDArray[Any]) -> NDArray[np.float64]:
    """Deviations in steps of tables."""
    deviations: NDArray[np.float64] = _SMALLEST * 2.0 ** (np.asarray(levels, np.float64) / 4)
    return deviations
