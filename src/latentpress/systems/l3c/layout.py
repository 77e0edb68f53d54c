"""Numbers that both sides need."""

__all__ = ["CHANNELS", "LEVELS", "LEVEL_BITS", "MIDDLE", "SCALES"]

SCALES = 3
"""Coarser forms, each of half the resolution of the one before."""

CHANNELS = 5
"""Channels of each of them."""

LEVELS = 25
"""Values that each may have."""

LEVEL_BITS = 5
"""Bits that hold them."""

MIDDLE = LEVELS // 2
