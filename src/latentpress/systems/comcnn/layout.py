"""Numbers that networks and codec share."""

__all__ = ["MARGIN", "QUALITIES", "STRIDE"]

STRIDE = 2
"""Pixels of the picture's side for one of the small one's."""

QUALITIES = 100
"""Of the codec inside: 1 to 100."""

MARGIN = 12
"""Small pixels beyond which no network sees anything, unless its package says ``margin``."""
