"""How a picture is cut into tiles, which are coded each by itself."""

from __future__ import annotations

from itertools import pairwise

from latentpress.codecs.base import Region

__all__ = ["tiles_of"]

_SIDE = 1024  # pixels, about


def tiles_of(height: int, width: int) -> list[Region]:
    """The tiles of a picture, row by row: as equal as can be, about 1024 pixels a side."""
    return [
        Region(left, top, right - left, bottom - top) for top, bottom in _parts(height) for left, right in _parts(width)
    ]


def _parts(length: int) -> list[tuple[int, int]]:
    count = max(1, (length + _SIDE // 2) // _SIDE)
    ends = [length * i // count for i in range(count + 1)]
    return list(pairwise(ends))
