"""`JpegLsCodec`: each channel as a scan of JPEG-LS. Stream: see `latentpress.codecs.scans`."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.scans import ScanCodec
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.systems.jpeg_ls.parameters import parameters

__all__ = ["JpegLsCodec"]

Integers = NDArray[np.int64]


class JpegLsCodec(ScanCodec):
    """Lossless and near-lossless codec: JPEG-LS (LOCO-I), each channel by itself; quick with the extra ``fast``.

    max_error: 0 for lossless; 1..127 lets every colour sample be wrong by as much; alpha stays exact. threads: that
    work on channels, None for one each.
    """

    id: ClassVar[str] = "jpeg-ls"
    takes: ClassVar[frozenset[str]] = frozenset({"max_error", "threads"})
    largest_error: ClassVar[int] = 127  # T.87: half of the largest value of 8 bits

    def __init__(self, max_error: int = 0, threads: int | None = None) -> None:
        if isinstance(max_error, bool) or not isinstance(max_error, int) or not 0 <= max_error <= self.largest_error:
            raise InvalidInputError(
                f"the largest error must be a whole number from 0 to {self.largest_error}, not {max_error!r}"
            )
        self._config = {"max_error": max_error, "threads": threads}

    def write(self, plane: Integers, depth: int, number: int, near: int) -> bytes:
        """See `ScanCodec.write`."""
        from latentpress.systems.jpeg_ls.scan import code_scan  # what is compiled is loaded where it is used

        room = np.zeros(plane.size * depth * 9 // 16 + 64, np.uint8)  # the longest code word for each, and stuffing
        return room[: code_scan(plane, room, parameters(2**depth - 1, near), True)].tobytes()

    def read(self, scan: bytes | memoryview, plane: Integers, depth: int, number: int, near: int) -> None:
        """See `ScanCodec.read`."""
        from latentpress.systems.jpeg_ls.scan import code_scan

        data = np.frombuffer(scan, np.uint8).copy()
        used = code_scan(plane, data, parameters(2**depth - 1, near), False)
        if used != data.size and (used != data.size - 1 or data[used - 1] != 255):  # 255 is followed by one byte more
            raise CorruptFileError("the picture's data are damaged: a scan of the wrong length")
