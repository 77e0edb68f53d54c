"""Golomb-Rice codes: a number as its quotient by 2^k in ones and a zero, and k bits of the rest (Rice 1979).

All quotients stand together, then all rests, so that both are written and read in one go.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy.fields import bits_of, pack_fields, unpack_fields
from latentpress.errors import CorruptFileError

__all__ = ["decode_golomb", "encode_golomb"]


def encode_golomb(values: NDArray[Any]) -> bytes:
    """Numbers >= 0 (n,) with the best k, which is the first byte."""
    sizes = [int((values >> k).sum()) + values.size * (1 + k) for k in range(25)]
    k = int(np.argmin(sizes))
    quotients = (values >> k).astype(np.int64)
    unary = np.ones(int(quotients.sum()) + values.size, np.uint8)
    unary[np.cumsum(quotients + 1) - 1] = 0
    rests = bits_of(pack_fields(values & ((1 << k) - 1), np.full(values.size, k)))[: k * values.size]
    return bytes([k]) + np.packbits(np.concatenate([unary, rests])).tobytes()


def decode_golomb(data: bytes | memoryview, count: int) -> NDArray[np.int64]:
    """The inverse, of ``count`` numbers. Raises CorruptFileError where there are not so many."""
    bits, k = bits_of(data[1:]), data[0] if data else 25
    ends = np.flatnonzero(bits == 0)[:count]
    if k > 24 or ends.size < count:
        raise CorruptFileError("the stream is damaged: a Golomb code does not end")
    quotients = np.diff(ends, prepend=-1) - 1
    if count and int(quotients.max()) >> (24 - k):
        raise CorruptFileError("the stream is damaged: a Golomb code is too large")
    start = int(ends[-1]) + 1 if count else 0
    return (quotients << k) + unpack_fields(bits[start:], np.full(count, k))
