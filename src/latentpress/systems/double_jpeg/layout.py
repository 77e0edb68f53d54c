"""What fit and detector share: the qualities that have a vector of weights each."""

from __future__ import annotations

__all__ = ["ANCHORS", "REACH"]

ANCHORS = tuple(range(40, 101, 5))
"""libjpeg qualities of a file's luma table; a file is judged by the nearest one."""

REACH = 2
"""Qualities to each side of an anchor that are judged by it."""
