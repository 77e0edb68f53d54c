"""What writer and reader agree on: levels of a code, and how many codes a rate index has."""

from __future__ import annotations

__all__ = ["FEWEST", "REACH", "codes_at"]

REACH = 2
"""Codes are whole numbers from -2 to 2."""

FEWEST = 2
"""Codes of a place at the first rate; each anchor of the rate has twice those of the one before."""


def codes_at(rate: int, steps: int) -> int:
    """Codes of a place at a rate index, ``steps`` of which lie between two anchors."""
    return int(FEWEST * 2 ** (rate / steps) + 0.5)
