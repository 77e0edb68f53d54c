"""The grid of scales that predicted distributions are rounded to: one probability table for each of its steps.

Scales are evenly spaced in their logarithm, so a factor of the quantisation step is a number of steps of the grid. Both
sides of a codec, and its training, read the grid from here; nothing else is imported, for training on a bare machine.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = [
    "LARGEST_SCALE",
    "LOG_STEP",
    "SCALE_BITS",
    "SCALE_COUNT",
    "SMALLEST_SCALE",
    "STEPS_PER_OCTAVE",
    "STEP_DECIBELS",
    "tables_of",
]

SCALE_COUNT = 64
"""Number of probability tables. Table 0 codes nothing: its symbols are zero by rule."""

SCALE_BITS = 4
"""Fractional bits of a scale index on the integer path."""

SMALLEST_SCALE, LARGEST_SCALE = 0.045, 120.0
"""Logistic scale, in quantisation steps, at scale index 1/2 and at the last one."""

LOG_STEP = math.log(LARGEST_SCALE / SMALLEST_SCALE) / (SCALE_COUNT - 1.5)
"""Natural logarithm of the ratio of two neighbouring scales."""

STEPS_PER_OCTAVE = math.log(2) / LOG_STEP
"""Steps of the grid for a factor of 2, that is for a bit plane: 5.49."""

STEP_DECIBELS = 20 * LOG_STEP / math.log(10)
"""Decibels of a step of the grid: 1.096."""


def tables_of(index: NDArray[np.floating[Any]], count: int = SCALE_COUNT) -> NDArray[np.uint8]:
    """The probability table, out of ``count``, that each fractional scale index names: the nearest, halves going up."""
    table: NDArray[np.uint8] = np.clip(np.floor(index + np.float32(0.5)), 0, count - 1).astype(np.uint8)
    return table
