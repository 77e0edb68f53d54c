"""Entropy-coded bytes and their bits: stuffed zeros, restart markers, bits gathered and scattered many at a time."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import CorruptFileError, UnsupportedError

__all__ = ["Bits", "Packer", "join", "split"]

Integers = NDArray[np.int64]

_BEHIND = 1024  # zeros behind the data: more than the codes of a block take


class Bits:
    """The bits of a scan. data: its bytes without stuffing and markers; intervals: byte where each restart interval
    starts, and the end."""

    def __init__(self, data: NDArray[np.uint8], intervals: Integers) -> None:
        self.data = data
        self.intervals = intervals
        self._padded = np.concatenate([data, np.zeros(_BEHIND, np.uint8)])

    def windows(self, start: int, stop: int) -> NDArray[np.uint16]:
        """The 16 bits that follow each bit of the bytes start .. stop: (8 (stop - start),)."""
        part = self._padded[start : stop + 2].astype(np.uint32)
        wide = part[:-2] << 16 | part[1:-1] << 8 | part[2:]
        shifts = np.arange(8, 0, -1, dtype=np.uint32)
        return (wide[:, None] >> shifts).astype(np.uint16).ravel()

    def at(self, positions: Integers, count: int | Integers = 16) -> Integers:
        """The ``count`` (0..16) bits from each position, as integers."""
        byte = positions >> 3
        if byte.size and int(byte.max()) + 2 >= self._padded.size:
            raise CorruptFileError("the JPEG file is cut short")
        wide = np.zeros(byte.shape, np.int64)
        for offset in range(3):
            wide = wide << 8 | self._padded[byte + offset]
        return (wide >> (24 - (positions & 7) - count)) & ((np.int64(1) << count) - 1)

    def padding(self, ends: Integers) -> int:
        """What fills the last byte of each interval: 1 or 0. ends: bit after the last code of each.

        Raises UnsupportedError for bits of both kinds, or more bytes than the codes need.
        """
        stops = self.intervals[1:] * 8
        if (ends > stops).any():
            raise CorruptFileError("the JPEG file is cut short")
        if (ends <= stops - 8).any():
            raise UnsupportedError("the JPEG file has bytes between its codes and its markers")
        rest = stops - ends
        fill = self.at(ends, rest)
        if (fill == (1 << rest) - 1).all():
            return 1
        if not fill.any():
            return 0
        raise UnsupportedError("the JPEG file fills its bytes in an unusual way")


def split(scan: bytes) -> Bits:
    """The bits of a scan's entropy-coded bytes; raises CorruptFileError if restart markers do not count up."""
    data = np.frombuffer(scan, np.uint8)
    after = np.flatnonzero(data[:-1] == 0xFF) + 1
    following = data[after]
    markers = after[following != 0]
    if (data.size and data[-1] == 0xFF) or (data[markers] != 0xD0 + np.arange(markers.size) % 8).any():
        raise CorruptFileError("the JPEG file has damaged restart markers")
    keep = np.ones(data.size, bool)
    keep[after] = False
    keep[markers - 1] = False
    starts = markers + 1
    before = np.cumsum(keep)
    intervals = np.concatenate([[0], before[starts - 1], [before[-1] if data.size else 0]]).astype(np.int64)
    return Bits(data[keep], intervals)


class Packer:
    """Bits one after another as bytes."""

    def __init__(self) -> None:
        self._parts: list[NDArray[np.uint8]] = []
        self._rest = np.zeros(0, np.uint8)  # bits that do not fill a byte yet
        self.bits = 0

    def add(self, values: Integers, lengths: Integers) -> None:
        """Append values, of which the low ``lengths`` (0..32) bits count."""
        ends = np.cumsum(lengths)
        down = np.repeat(ends, lengths)
        down -= np.arange(1, down.size + 1)
        bits = ((np.repeat(values, lengths) >> down) & 1).astype(np.uint8)
        self.bits += bits.size
        bits = np.concatenate([self._rest, bits])
        whole = bits.size // 8 * 8
        self._parts.append(np.packbits(bits[:whole]))
        self._rest = bits[whole:]

    def finish(self) -> NDArray[np.uint8]:
        """The bytes so far."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.uint8)


def join(data: NDArray[np.uint8], intervals: Integers) -> bytes:
    """The inverse of `split`."""
    stuffed = np.flatnonzero(data == 0xFF) + 1
    restarts = np.repeat(intervals[1:-1], 2)
    markers = np.full(restarts.size, 0xFF, np.uint8)
    markers[1::2] = 0xD0 + np.arange(restarts.size // 2) % 8
    places = np.concatenate([stuffed, restarts])
    # of values for one place the stuffed zero comes first: it belongs to the byte before
    return np.insert(data, places, np.concatenate([np.zeros(stuffed.size, np.uint8), markers])).tobytes()
