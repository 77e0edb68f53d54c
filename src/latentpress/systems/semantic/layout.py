"""Numbers that codec and training share."""

from __future__ import annotations

__all__ = ["CELL", "CLASSES", "HALVED", "LUMA_SHIFT", "REACH", "RUNGS", "TAPS", "compact_quality"]

CLASSES = 6
"""Kinds of places that k-means tells apart."""

CELL = 8
"""Pixels of the side of the square that a class is said of."""

HALVED = 2
"""Pixels of a picture's side for one of the small picture."""

REACH = 2
"""Pixels around one of the small picture that its four are made of."""

TAPS = (2 * REACH + 1) ** 2
"""Weights of a filter."""

LUMA_SHIFT = 8
"""Bits of the weights of luma."""

RUNGS = (0, 12, 25, 37, 50, 62)
"""Qualities of the small picture for which there are weights to tell classes by its latents."""


def compact_quality(quality: float) -> float:
    """Quality of the small picture: from a quality of 50 on the best, and what it leaves is coded."""
    return min(quality, 50.0) / 50 * RUNGS[-1]
