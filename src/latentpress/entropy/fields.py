"""Whole numbers as bit fields, one after another: many written or read in one go."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import CorruptFileError

__all__ = ["bits_of", "pack_fields", "unpack_fields"]

Integers = NDArray[np.int64]


def bits_of(data: bytes | memoryview) -> NDArray[np.uint8]:
    """The bits of bytes, the highest of each first."""
    return np.unpackbits(np.frombuffer(data, np.uint8))


def pack_fields(values: NDArray[Any], lengths: NDArray[Any]) -> bytes:
    """The low ``lengths`` (0..62) bits of values, filled up with zeros to whole bytes."""
    ends = np.cumsum(lengths)
    down = np.repeat(ends, lengths) - np.arange(1, int(ends[-1] if ends.size else 0) + 1)
    return np.packbits((np.repeat(values.astype(np.int64), lengths) >> down & 1).astype(np.uint8)).tobytes()


def unpack_fields(bits: NDArray[np.uint8], lengths: NDArray[Any]) -> Integers:
    """The inverse, of bits (n,). Raises CorruptFileError if there are too few."""
    ends = np.cumsum(lengths)
    total = int(ends[-1]) if ends.size else 0
    if total > bits.size:
        raise CorruptFileError("the stream is damaged: bits are missing")
    weighted = bits[:total].astype(np.int64) << (np.repeat(ends, lengths) - np.arange(1, total + 1))
    sums = np.concatenate([[0], np.cumsum(weighted)])
    values: Integers = sums[ends] - sums[ends - lengths]
    return values
