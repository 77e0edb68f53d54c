"""Numbers that networks and codec share."""

from latentpress.codecs.closed_loop import Border

__all__ = ["BORDER", "NETWORKS", "SIDE"]

SIDE = 16
"""Pixels of a block's side."""

BORDER = Border(SIDE, (4, 2, 2))
"""Decoded lines of Y, Cb and Cr that networks see."""

NETWORKS = 2
"""That compete."""
