"""Orders of coding: which latents go together in a pass, and so what is known when they do.

An `Order` numbers every place of an array (channels, height, width) with its pass, from 0. Codecs take the passes as
masks or as positions; training takes the numbers themselves (`torch.from_numpy`). What a pass is coded with may depend
on all that come before it.
"""

from __future__ import annotations

import functools
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Checkerboard", "Diagonals", "Mask", "Order", "Positions", "Segments", "Waves"]

Numbers = NDArray[np.int32]
Mask = NDArray[np.bool_]
Positions = NDArray[np.intp]


class Order(ABC):
    """Passes over the places of an array. Orders are values: equal and hashable by what they are made of."""

    @abstractmethod
    def numbers(self, channels: int, height: int, width: int) -> Numbers:
        """The pass of each place (channels, height, width), from 0. In a small array a pass may have no place."""

    def masks(self, channels: int, height: int, width: int) -> list[Mask]:
        """What each pass codes: boolean arrays that share no place and leave none. For orders of few passes."""
        numbers = self.numbers(channels, height, width)
        return [numbers == done for done in range(int(numbers.max(initial=-1)) + 1)]

    def positions(self, channels: int, height: int, width: int) -> list[Positions]:
        """The same as flat positions, read-only, rising within a pass: many times quicker to take values at."""
        return _positions(self, channels, height, width)

    def split(self, array: NDArray[Any]) -> list[NDArray[Any]]:
        """An array (channels, height, width) as what each pass codes, (n,) in its order."""
        return [array.take(places) for places in self.positions(*array.shape)]

    def join(self, parts: Sequence[NDArray[np.float32]], shape: tuple[int, int, int]) -> NDArray[np.float32]:
        """The array of the first passes, zero where others come."""
        array = np.zeros(shape, np.float32)
        for part, places in zip(parts, self.positions(*shape), strict=False):
            array.reshape(-1)[places] = part
        return array


@dataclass(frozen=True)
class Checkerboard(Order):
    """One, two or four passes, each of which codes every place, a class of channels there (He et al. 2021, arXiv
    2103.15306; He et al. 2022, arXiv 2203.10886; Li et al. 2023, arXiv 2302.14402).

    Two: even channels first where row + column is even, odd channels where it is odd. Four: channel c goes in pass
    place XOR (c mod 4), the places of a 2x2 square being 0 2 / 3 1 (rows from the top). Of each channel the first half
    of the passes is a checkerboard. One: all together. Raises ValueError for another number of passes.
    """

    passes: int

    def __post_init__(self) -> None:
        if self.passes not in (1, 2, 4):
            raise ValueError(f"a checkerboard has 1, 2 or 4 passes, not {self.passes}")

    def numbers(self, channels: int, height: int, width: int) -> Numbers:
        """See `Order.numbers`."""
        channel, row, column = _axes(channels, height, width)
        parity = (row + column) & 1
        place = parity if self.passes == 2 else 2 * parity + (row & 1)
        count = np.int32(self.passes)
        return (place % count) ^ (channel % count)

    def split(self, array: NDArray[Any]) -> list[NDArray[Any]]:
        """See `Order.split`."""
        channels, height, width = array.shape
        if self.passes != 4 or height % 2 or width % 2:
            return super().split(array)
        parts = [np.empty((channels, height // 2, width // 2), array.dtype) for _ in range(4)]
        squares = array.reshape(channels, height // 2, 2, width // 2, 2)
        for number, part in enumerate(parts):
            for first in range(4):
                row, column = self.place(number, first)
                part[first::4] = squares[first::4, :, row, :, column]
        return [part.reshape(-1) for part in parts]

    def join(self, parts: Sequence[NDArray[np.float32]], shape: tuple[int, int, int]) -> NDArray[np.float32]:
        """See `Order.join`."""
        channels, height, width = shape
        if self.passes != 4 or height % 2 or width % 2 or len(parts) < 4:
            return super().join(parts, shape)
        array = np.empty(shape, np.float32)
        squares = array.reshape(channels, height // 2, 2, width // 2, 2)
        for number, part in enumerate(parts):
            for first in range(4):
                row, column = self.place(number, first)
                squares[first::4, :, row, :, column] = part.reshape(channels, height // 2, width // 2)[first::4]
        return array

    @staticmethod
    def place(number: int, channel: int) -> tuple[int, int]:
        """Row and column in squares that pass ``number`` of four, from 0, codes a channel at."""
        place = number ^ (channel % 4)
        return place & 1, (place >> 1) ^ (place & 1)


@dataclass(frozen=True)
class Diagonals(Order):
    """Places of equal channel + row + column at a time, for a context that reaches back along all three axes."""

    def numbers(self, channels: int, height: int, width: int) -> Numbers:
        """See `Order.numbers`."""
        channel, row, column = _axes(channels, height, width)
        return channel + row + column


@dataclass(frozen=True)
class Waves(Order):
    """All channels of the places of equal column + reach * row at a time, for a masked context (van den Oord et al.
    2016, arXiv 1601.06759): what is to the left in its row, and in rows above less than ``reach`` to the right.
    """

    reach: int

    def numbers(self, channels: int, height: int, width: int) -> Numbers:
        """See `Order.numbers`."""
        channel, row, column = _axes(channels, height, width)
        return 0 * channel + column + np.int32(self.reach) * row


@dataclass(frozen=True)
class Segments(Order):
    """Channels in ``count`` segments of about equal size one after another, the places of each in the order
    ``inner``.
    """

    count: int
    inner: Order

    def numbers(self, channels: int, height: int, width: int) -> Numbers:
        """See `Order.numbers`."""
        parts: list[Numbers] = []
        start = passes = 0
        for end in (channels * done // self.count for done in range(1, self.count + 1)):
            parts.append(self.inner.numbers(end - start, height, width) + np.int32(passes))
            passes = 1 + int(parts[-1].max(initial=passes - 1))
            start = end
        return np.concatenate(parts)


@functools.lru_cache(maxsize=2)
def _positions(order: Order, channels: int, height: int, width: int) -> list[Positions]:
    """See `Order.positions`. Pictures, and tiles of one, often have one size."""
    numbers = order.numbers(channels, height, width).reshape(-1).astype(np.uint16)  # whose sort is a radix sort
    flat = np.argsort(numbers, kind="stable")
    flat.flags.writeable = False
    return np.split(flat, np.cumsum(np.bincount(numbers))[:-1])


def _axes(channels: int, height: int, width: int) -> tuple[Numbers, Numbers, Numbers]:
    """Channel, row and column of each place, to be broadcast."""
    channel, row, column = (np.arange(length, dtype=np.int32) for length in (channels, height, width))
    return channel[:, None, None], row[:, None], column
