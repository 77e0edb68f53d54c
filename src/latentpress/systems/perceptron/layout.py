"""Numbers that the network and the codec share."""

__all__ = ["BLOCK"]

BLOCK = 8
"""Pixels of a block's side."""
