"""Numbers that the network and the codec share."""

__all__ = ["LIMIT", "ROUNDING"]

LIMIT = 1023
"""Latents are whole numbers of at most this magnitude."""

ROUNDING = 2.0
"""Weight of a squared step in the rounding, as a multiple of the usual one: steps are larger than the flagship's, since
only a channel's own table says which latents are zero.
"""
