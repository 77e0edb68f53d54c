"""Lanes and waves: the order in which the pixels of a tile are coded, and a memory layout in which it is contiguous.

A tile is cut into lanes, horizontal strips that are walked at the same time and see nothing of each other. In a strip,
pixel (r, x) belongs to wave ``x + 3 r``: its neighbours to the left and up to two columns to the right in the row above
belong to earlier waves, so a whole wave can be predicted at once. All planes are stored skewed, wave by wave:

    row of the array: wave; column: slot ``(r + 2) * lanes + lane``

so that the pixels of a wave stand side by side, and the neighbour (dy, dx) of each lies at one fixed distance. Two rows
of slots above and one below each strip hold copies of border pixels, as do the columns left and right of it.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.fast import loops

__all__ = ["Lanes", "Skewed"]

_ABOVE = 2
_BELOW = 1
_EARLY = 12  # waves before the first that border copies may use
_LATE = 12

Floats = NDArray[np.float64]


@dataclass(frozen=True)
class Lanes:
    """Geometry of a tile of ``height`` x ``width`` pixels cut into ``count`` lanes (1..height)."""

    height: int
    width: int
    count: int

    @cached_property
    def rows(self) -> int:
        """Rows of the tallest lanes, which come first; the others have one less."""
        return -(-self.height // self.count)

    @cached_property
    def tall(self) -> int:
        """How many lanes have `rows` rows."""
        return self.height - (self.rows - 1) * self.count

    @cached_property
    def waves(self) -> int:
        """Number of waves."""
        return self.width + 3 * (self.rows - 1)

    @cached_property
    def slots(self) -> int:
        """Length of a row of the skewed array."""
        return (self.rows + _ABOVE + _BELOW) * self.count

    @cached_property
    def starts(self) -> list[int]:
        """First picture row of each lane."""
        short = self.rows - 1
        return [lane * short + min(lane, self.tall) for lane in range(self.count)]

    def row(self, r: int) -> slice:
        """The slots of row ``r`` of every lane."""
        return slice((r + _ABOVE) * self.count, (r + _ABOVE + 1) * self.count)

    def active(self, wave: int) -> slice:
        """The slots whose pixels belong to a wave (0 .. waves - 1)."""
        first = max(0, -(-(wave - self.width + 1) // 3))
        last = min(self.rows - 1, wave // 3)
        stop = (last + _ABOVE) * self.count + (self.tall if last == self.rows - 1 else self.count)
        return slice((first + _ABOVE) * self.count, stop)

    @cached_property
    def shape(self) -> tuple[int, int]:
        """Of the skewed array: waves with margins, slots."""
        return self.waves + _EARLY + _LATE, self.slots

    @property
    def borders(self) -> tuple[int, int, int, int]:
        """What copies of border pixels depend on: width, rows, count, tall."""
        return self.width, self.rows, self.count, self.tall

    def at(self, wave: int, slots: slice) -> int:
        """Position in the flattened skewed array of the first of ``slots`` of a wave."""
        first: int = slots.start
        return (wave + _EARLY) * self.slots + first

    def offset(self, dy: int, dx: int) -> int:
        """Distance in the flattened skewed array from a pixel to its neighbour (dy rows down, dx columns right)."""
        return (3 * dy + dx) * self.slots + dy * self.count

    def lane_rows(self, r: int) -> list[int]:
        """Picture rows that are row ``r`` of the lanes, of those lanes that have one."""
        lanes = self.tall if r == self.rows - 1 else self.count
        return [start + r for start in self.starts[:lanes]]


class Skewed:
    """A plane of integers in the skewed layout, in float64, filled wave by wave.

    ``array``: (waves and margins, slots). ``start`` fills it all. memory: for it, flat, of zeros; None for new memory.
    """

    def __init__(self, lanes: Lanes, start: float = 0.0, memory: Floats | None = None) -> None:
        self.lanes = lanes
        self.array: Floats = np.zeros(lanes.shape) if memory is None else memory.reshape(lanes.shape)
        if start:
            self.array[:] = start

    def view(self, wave: int, slots: slice) -> Floats:
        """The slots of a wave."""
        return self.array[wave + _EARLY, slots]

    def place(self, wave: int, slots: slice) -> tuple[int, int, int]:
        """A wave, its row of the array, and the first of slots."""
        return wave, wave + _EARLY, slots.start

    def open(self, wave: int) -> None:
        """Before a wave is predicted: give the rows that begin in it, and the one below the last, their left border."""
        if wave % 3 == 0 and wave // 3 <= self.lanes.rows:
            row, t = wave // 3, wave + _EARLY
            self.array[t - 3 : t, self.lanes.row(row)] = self.array[t - 3, self.lanes.row(row - 1)]

    def close(self, wave: int, slots: slice, values: Floats) -> None:
        """Store the values of a wave, and the border copies that they make."""
        lanes, t = self.lanes, wave + _EARLY
        if (fast := loops()) is not None:
            fast.close(self.array, lanes.borders, self.place(wave, slots), values)
            return
        self.array[t, slots] = values
        if wave < lanes.width:  # above the first row: the pixel to the left
            first = self.array[t, lanes.row(0)]
            self.array[t - 3 : t + 1, lanes.row(-1)] = first
            self.array[t - 6 : t - 2, lanes.row(-2)] = first
        ended, rest = divmod(wave - lanes.width + 1, 3)
        if rest == 0 and 0 <= ended < lanes.rows:  # right of a row: its last pixel
            self.array[t + 1 : t + 4, lanes.row(ended)] = self.array[t, lanes.row(ended)]
        self._below(lanes.rows - 1, 0, lanes.tall, wave)
        if lanes.tall < lanes.count and lanes.rows > 1:
            self._below(lanes.rows - 2, lanes.tall, lanes.count, wave)

    def _below(self, r: int, first: int, last: int, wave: int) -> None:
        """Copy pixels of row ``r``, the last of lanes first..last-1, to the row below."""
        lanes, t = self.lanes, wave + _EARLY
        x = wave - 3 * r
        if 0 <= x < lanes.width:
            source, target = lanes.row(r).start, lanes.row(r + 1).start
            stop = t + 5 if x == lanes.width - 1 else t + 4
            self.array[t + 3 : stop, target + first : target + last] = self.array[t, source + first : source + last]

    def fill(self, plane: NDArray[Any]) -> None:
        """Store a whole plane (height, width), without border copies."""
        lanes = self.lanes
        for r in range(lanes.rows):
            rows, t = lanes.lane_rows(r), 3 * r + _EARLY
            start = lanes.row(r).start
            self.array[t : t + lanes.width, start : start + len(rows)] = plane[rows].T

    def plane(self) -> NDArray[np.int32]:
        """The pixels back as a plane (height, width)."""
        lanes = self.lanes
        out = np.empty((lanes.height, lanes.width), np.int32)
        for r in range(lanes.rows):
            rows, t = lanes.lane_rows(r), 3 * r + _EARLY
            start = lanes.row(r).start
            out[rows] = self.array[t : t + lanes.width, start : start + len(rows)].T
        return out
