"""Numbers that both sides need."""

__all__ = ["LEARNED", "LEVELS", "LEVEL_BITS", "MIDDLE", "SCALES"]

SCALES = 3
"""Coarser forms, each of half the resolution of the one before."""

LEARNED = 2
"""Learned channels that stand beside R, G and B in all forms but the coarsest."""

LEVELS = 25
"""Values that each of them may have."""

LEVEL_BITS = 5
"""Bits that hold them."""

MIDDLE = LEVELS // 2
