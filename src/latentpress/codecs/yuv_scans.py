"""`YuvScanCodec`: scans of Y, U and V, each by a loop in whole numbers."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.scans import Integers, ScanCodec
from latentpress.errors import CorruptFileError
from latentpress.image.colour import rgb_to_yuv, yuv_to_rgb

__all__ = ["Loop", "YuvScanCodec"]

_WORST = 9  # bytes that a sample may take: an escape out of every class, then plain bits

Loop = Callable[[Integers, NDArray[np.uint8], int, int, bool], int]
"""Codes samples (H, W) into bytes or out of them, by largest value, bits of a sample beyond 8, and whether it writes;
gives the bytes used.
"""


class YuvScanCodec(ScanCodec):
    """A codec of Y, U, V or gray; a system says by which loop a plane is coded."""

    def loop(self, number: int) -> Loop:
        """The loop of plane ``number``."""
        raise NotImplementedError

    def planes(self, samples: NDArray[Any], depth: int) -> list[Integers]:
        """Y, U, V, the last two moved up to start at 0."""
        if samples.shape[2] == 1:
            return super().planes(samples, depth)
        y, u, v = rgb_to_yuv(samples).astype(np.int64)
        return [y, u + _most(depth, 0), v + _most(depth, 0)]

    def samples(self, planes: list[Integers], depth: int) -> NDArray[np.integer[Any]]:
        """The inverse of `planes`."""
        if len(planes) == 1:
            return super().samples(planes, depth)
        y, u, v = planes
        return yuv_to_rgb(np.stack([y, u - _most(depth, 0), v - _most(depth, 0)]))

    def write(self, plane: Integers, depth: int, number: int, near: int) -> bytes:
        """See `ScanCodec.write`."""
        room = np.zeros(plane.size * _WORST + 64, np.uint8)
        return room[: self.loop(number)(plane, room, _most(depth, number), depth - 8, True)].tobytes()

    def read(self, scan: bytes | memoryview, plane: Integers, depth: int, number: int, near: int) -> None:
        """See `ScanCodec.read`."""
        data = np.frombuffer(scan, np.uint8).copy()
        if self.loop(number)(plane, data, _most(depth, number), depth - 8, False) != data.size:
            raise CorruptFileError("the picture's data are damaged: a scan of the wrong length")


def _most(depth: int, number: int) -> int:
    """The largest value of a plane: U and V are twice as wide."""
    return ((1 << depth) - 1) * (2 if number else 1)
