"""What contexts know of a tile: the values of the passes before, and their levels."""

from __future__ import annotations

import functools

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.mean_scale.layout import CONTEXT_LIMIT, MEAN_BITS
from latentpress.codecs.mean_scale.octets import LEVELS
from latentpress.codecs.mean_scale.places import ODD, pass_name
from latentpress.codecs.orders import Checkerboard, Positions

__all__ = ["Known", "inside"]

Float = NDArray[np.float32]


class Known:
    """The values of a tile of ``shape`` (M, h, w) pass after pass. levels: the table of levels (`take_octets`), if
    contexts work by passes.
    """

    def __init__(self, order: Checkerboard, shape: tuple[int, int, int], levels: NDArray[np.uint8] | None) -> None:
        self._order, self._shape, self._table = order, shape, levels
        self._parts: list[Float] = []
        if levels is not None:
            channels, height, width = self._squares = shape[0], -(-shape[1] // 2), -(-shape[2] // 2)
            self._levels = np.full((height, 2, width, 2, channels), levels[CONTEXT_LIMIT], np.uint8)
            self.given: dict[str, NDArray[np.generic]] = {ODD: np.array([side % 2 for side in shape[1:]], np.float32)}

    @property
    def values(self) -> Float:
        """(M, h, w), zero in passes that are not known."""
        return self._order.join(self._parts, self._shape)

    def put(self, values: Float) -> None:
        """Take the values of the next pass, in its order."""
        number = len(self._parts)
        self._parts.append(values)
        if self._table is None or number + 1 == self._order.passes:
            return
        places = inside(self._order, *self._shape)
        if places is not None:
            whole = np.zeros(self._squares, np.float32)
            whole.reshape(-1)[places[number]] = values
            values = whole
        self.given[pass_name(number + 1)] = values.reshape(1, *self._squares)
        units = (values * np.float32(2**MEAN_BITS)).astype(np.int32)
        units += CONTEXT_LIMIT
        found = self._table.take(units, mode="clip").reshape(self._squares)
        for first in range(4):
            row, column = self._order.place(number, first)
            self._levels[:, row, :, column, first::4] = found[first::4].transpose(1, 2, 0)
        _, height, width = self._shape
        levels = self._levels.reshape(2 * self._squares[1], 2 * self._squares[2], -1)
        self.given[LEVELS] = np.ascontiguousarray(levels[None, :height, :width])


@functools.lru_cache(maxsize=2)
def inside(order: Checkerboard, channels: int, height: int, width: int) -> list[Positions] | None:
    """Where what a pass of four codes is in an array (channels, h/2, w/2), rounded up; None if it is the array."""
    if not (height % 2 or width % 2):
        return None
    down, across, found = -(-height // 2), -(-width // 2), []
    for places in order.positions(channels, height, width):
        channel, rest = np.divmod(places, height * width)
        row, column = np.divmod(rest, width)
        found.append((channel * down + row // 2) * across + column // 2)
    return found
