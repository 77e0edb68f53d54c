"""Numbers that network and codec share."""

from latentpress.codecs.closed_loop import Border

__all__ = ["BORDER", "SIDE"]

SIDE = 16
"""Pixels of a tile's side."""

BORDER = Border(SIDE, (6, 3, 3))
"""Decoded lines of Y, Cb and Cr that the network sees."""
