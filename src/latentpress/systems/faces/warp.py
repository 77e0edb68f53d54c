"""Thin plates: the smoothest map of the plane that takes some points to others (Bookstein 1989), and pictures under it.

Points are (N, 2), x and y as shares of a picture's sides.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from latentpress.systems.faces.layout import FRAME

__all__ = ["Warp", "centres", "rows_of", "sampled"]

Float = NDArray[np.float32]
Points = NDArray[np.float64]

_GIVE = 1e-4  # how much a point may be missed for a smoother map: points that coincide do no harm
_NODES = 33  # along a side, between which the map is taken to be linear
_STRIP = 256  # rows of a large picture at a time


class Warp:
    """The map that takes ``source`` to ``target``, both (N, 2), and leaves the border's points where they are."""

    def __init__(self, source: Points, target: Points) -> None:
        self._known = np.concatenate([source, FRAME])
        wanted = np.concatenate([target, FRAME])
        count = len(self._known)
        system = np.zeros((count + 3, count + 3))
        system[:count, :count] = _plate(self._known, self._known) + _GIVE * np.eye(count)
        system[:count, count] = system[count, :count] = 1
        system[:count, count + 1 :] = self._known
        system[count + 1 :, :count] = self._known.T
        self._weights = np.linalg.solve(system, np.concatenate([wanted, np.zeros((3, 2))]))

    def __call__(self, points: Points) -> Points:
        """Where points (N, 2) go."""
        flat = np.concatenate([np.ones((len(points), 1)), points], axis=1)
        moved: Points = np.concatenate([_plate(points, self._known), flat], axis=1) @ self._weights
        return moved

    def grid(self) -> Float:
        """Where the nodes (33, 33) of a grid over the picture go: (33, 33, 2)."""
        line = np.linspace(0, 1, _NODES)
        nodes = np.stack(np.meshgrid(line, line), axis=-1).reshape(-1, 2)
        return self(nodes).reshape(_NODES, _NODES, 2).astype(np.float32)


def centres(count: int) -> Float:
    """Middles of ``count`` pixels in a row, as shares."""
    return ((np.arange(count) + 0.5) / count).astype(np.float32)


def rows_of(warp: Warp, height: int, width: int) -> Iterator[tuple[slice, Float]]:
    """Where the pixels of a picture go, some rows after others: (rows, width, 2)."""
    grid, across = warp.grid(), _hats(centres(width))
    for top in range(0, height, _STRIP):
        rows = slice(top, min(top + _STRIP, height))
        down = _hats(centres(height)[rows])
        yield rows, np.stack([down @ grid[..., axis] @ across.T for axis in (0, 1)], axis=-1)


def sampled(planes: Float, places: Float) -> Float:
    """Planes (n, h, w) at places (..., 2), linear between pixels; beyond the border the nearest: (n, ...)."""
    height, width = planes.shape[1:]
    x = np.clip(places[..., 0] * np.float32(width) - np.float32(0.5), 0, width - 1)
    y = np.clip(places[..., 1] * np.float32(height) - np.float32(0.5), 0, height - 1)
    left, top = np.minimum(x.astype(np.intp), max(width - 2, 0)), np.minimum(y.astype(np.intp), max(height - 2, 0))
    right, below, u, v = np.minimum(left + 1, width - 1), np.minimum(top + 1, height - 1), x - left, y - top
    upper = planes[:, top, left] * (1 - u) + planes[:, top, right] * u
    lower = planes[:, below, left] * (1 - u) + planes[:, below, right] * u
    out: Float = upper * (1 - v) + lower * v
    return out


def _plate(one: Points, other: Points) -> Points:
    """r^2 log r^2 of all pairs of points."""
    squares = np.square(one[:, None] - other[None]).sum(axis=-1)
    bent: Points = squares * np.log(np.maximum(squares, 1e-20))
    return bent


def _hats(places: Float) -> Float:
    """(n, 33) weights of the two nodes around each place."""
    hats: Float = np.maximum(0, 1 - np.abs(places[:, None] * (_NODES - 1) - np.arange(_NODES))).astype(np.float32)
    return hats
