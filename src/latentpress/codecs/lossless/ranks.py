"""Pictures that use few of their values: values by rank, without the gaps between them.

An 8-bit picture stored in 16 bits, a stretched histogram, a drawing: the rank of a value among those in use says as
much.
"""

from __future__ import annotations

import zlib
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.container import varint
from latentpress.errors import CorruptFileError

__all__ = ["pack_values", "rank_depth", "unpack_values", "used_values"]


def used_values(samples: NDArray[Any], depth: int) -> tuple[NDArray[np.int64] | None, bool]:
    """The values in use, in order, if ranks take fewer bits or half of the values from the least to the greatest are
    missing, else None; and whether there are so many samples that this cannot be by chance.
    """
    used = np.flatnonzero(np.bincount(samples.reshape(-1)))
    span = int(used[-1] - used[0]) + 1
    few = rank_depth(used) < depth or 2 * used.size <= span
    return used if few else None, samples.size >= 4 * span


def rank_depth(values: NDArray[np.int64]) -> int:
    """Bits of a sample, at least 8, that ranks among so many values take."""
    return max(8, int(values.size - 1).bit_length())


def pack_values(values: NDArray[np.int64], depth: int) -> bytes:
    """Which of the 2^depth values are in use: a bit each, low bits first, as a zlib stream after its length."""
    bits = np.zeros(1 << depth, np.uint8)
    bits[values] = 1
    packed = zlib.compress(np.packbits(bits, bitorder="little").tobytes(), 9)
    return varint.encode(len(packed)) + packed


def unpack_values(data: memoryview, depth: int) -> tuple[NDArray[np.int64], memoryview]:
    """The inverse of `pack_values`, and the bytes after it. Raises CorruptFileError if they are damaged."""
    length, start = varint.decode(data, 0)
    size = (1 << depth) // 8
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(bytes(data[start : start + length]), size)
    except zlib.error as error:
        raise CorruptFileError("the picture's data are damaged: values that cannot be read") from error
    values = np.flatnonzero(np.unpackbits(np.frombuffer(raw, np.uint8), bitorder="little"))
    if len(raw) != size or not inflater.eof or inflater.unused_data or not values.size:
        raise CorruptFileError("the picture's data are damaged: values that cannot be read")
    return values, data[start + length :]
