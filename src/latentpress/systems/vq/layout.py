"""Numbers that codebooks and bitstream share."""

from __future__ import annotations

import numpy as np

__all__ = ["BANDS", "DIMENSIONS", "LEVELS", "MOST_STAGES", "SIDES", "STEPS_PER_OCTAVE", "WORDS"]

LEVELS = 5
"""Of the wavelet."""

SIDES = (1, 2, 2, 4, 4)
"""Of the squares that are a vector, of the coarsest detail first."""

DIMENSIONS = tuple(np.repeat([side * side for side in SIDES], 6).tolist())
"""Of the vectors of each band."""

BANDS = len(DIMENSIONS)
"""Kinds of vectors, each with codebooks of its own: level, luma or chroma, direction; the last varies fastest."""

MOST_STAGES = 6
"""Words that a vector may be the sum of."""

WORDS = 128
"""In a codebook."""

STEPS_PER_OCTAVE = 8
"""Rate indices."""
