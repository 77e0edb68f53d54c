"""What the predictor sees of a block's surroundings: the same for training and codec."""

from latentpress.codecs.closed_loop import Border

__all__ = ["BORDER", "SIDE"]

SIDE = 8
"""Pixels of a block's side."""

BORDER = Border(SIDE, (4, 4, 4))
"""Decoded lines of Y, Cb and Cr that are looked at."""
