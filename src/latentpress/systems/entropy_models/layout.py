"""Numbers that the networks and the bitstream share."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.scales import SCALE_COUNT

__all__ = [
    "COMPANDED",
    "COMPANDED_BITS",
    "FINE_SCALES",
    "FRACTIONS",
    "LIMIT",
    "MASS_BITS",
    "MASS_REACH",
    "MASS_SCALES",
    "PREDICT_BITS",
    "TABLES",
    "companded",
    "neighbours_2d",
    "table_shape",
]

LIMIT = 1023
"""Latents are whole numbers of at most this magnitude."""

COMPANDED_BITS = 4
"""Fractional bits of companded latents."""

FINE_SCALES, FRACTIONS = 32, 5
"""Where scales are small, up to 2.3 steps, the mean counts to an eighth of a step: each of the first ``FINE_SCALES``
scales has a table for 0, 1/8 .. 4/8 between the mean and the nearest whole number; the others have one.
"""

TABLES = FINE_SCALES * FRACTIONS + SCALE_COUNT - FINE_SCALES
"""Tables of a package."""


PREDICT_BITS = 8
"""Fractional bits of the weights that three-dimensional models predict means with from latents of the same channel."""

MASS_BITS = 24
"""All of a component's mass is two to this power."""

MASS_SCALES, MASS_REACH = 57, 256
"""Scales of components, up to 50 steps; steps from the mean beyond which they have no mass."""


def _companded() -> NDArray[np.int16]:
    """log2(1 + n) for n = 0..LIMIT in sixteenths, straight between powers of two: whole numbers from whole numbers."""
    size = np.arange(1, LIMIT + 2)
    octave = np.array([int(n).bit_length() - 1 for n in size])
    sixteenths: NDArray[np.int16] = (16 * octave + ((size << COMPANDED_BITS) >> octave) - 16).astype(np.int16)
    return sixteenths


COMPANDED = _companded()
"""Magnitudes as networks see them: 0..160 sixteenths. They span a thousand to one, of which a network wants ratios."""


def companded(symbols: NDArray[np.int32]) -> NDArray[np.float32]:
    """Companded latents with their signs, in real units, so that 1 is a 1."""
    size = COMPANDED[np.abs(symbols)] * np.sign(symbols)
    return size.astype(np.float32) * np.float32(2.0**-COMPANDED_BITS)


def table_shape(table: int) -> tuple[int, float]:
    """Scale index of a table, and how far its mean lies above zero."""
    if table < FINE_SCALES * FRACTIONS:
        return table // FRACTIONS, table % FRACTIONS / 8
    return table - FINE_SCALES * (FRACTIONS - 1), 0.0


def neighbours_2d(reach: int) -> list[tuple[int, int]]:
    """Offsets in rows and columns of the places before one in a raster scan, at most ``reach`` away along each axis."""
    around = range(-reach, reach + 1)
    return [(row, column) for row in range(-reach, 1) for column in around if (row, column) < (0, 0)]
