"""How the integers that no table holds are coded: bit length, sign, low bits, all with uniform models.

A symbol s outside the radius r of its table has the excess m = |s| - r - 1 >= 0. It is coded as the bit length b of m
(0..31, 5 bits), the sign (1 bit, 1 for negative) and the b - 1 bits of m under its leading one. Within a pass the
escapes go kind by kind, so that each kind is one call of the coder: all lengths; all signs; then for each b from 2 to
31 the low bits of the excesses of that length, in pieces of at most 16 bits from the top (first all top pieces, then
all next ones).
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import constriction
import numpy as np
from numpy.typing import NDArray

__all__ = ["MAX_MAGNITUDE", "decode_escapes", "encode_escapes", "escape_bits"]

MAX_MAGNITUDE = 2**31 - 1
"""Largest |symbol| that can be coded."""

_LENGTHS = 32  # bit lengths 0..31
_CHUNK = 16  # bits a call: the coder's uniform models hold at most 24

Int64 = NDArray[np.int64]


def _bit_length(excess: Int64) -> Int64:
    # frexp is exact for integers below 2^53: m = f * 2^e with 0.5 <= f < 1, so e is the bit length; 0 gives 0.
    return np.frexp(excess.astype(np.float64))[1].astype(np.int64)


def escape_bits(excess: Int64) -> NDArray[np.float64]:
    """Bits of each escape's payload, for m = |s| - r - 1."""
    return (6 + np.maximum(_bit_length(excess) - 1, 0)).astype(np.float64)


def _pieces(bits: int) -> Iterator[tuple[int, int]]:
    """(shift, width) of the calls that carry `bits` low bits, from the top down."""
    while bits > 0:
        width = min(bits, _CHUNK)
        bits -= width
        yield bits, width


def _uniform(size: int) -> Any:
    return constriction.stream.model.Uniform(size)


def encode_escapes(coder: Any, symbols: Int64, radius: Int64) -> None:
    """Code the escaped symbols of one pass, in pass order."""
    excess = np.abs(symbols) - radius - 1
    lengths = _bit_length(excess)
    coder.encode(lengths.astype(np.int32), _uniform(_LENGTHS))
    coder.encode((symbols < 0).astype(np.int32), _uniform(2))
    for length in range(2, _LENGTHS):
        values = excess[lengths == length]
        if values.size == 0:
            continue
        for shift, width in _pieces(length - 1):
            coder.encode(((values >> shift) & ((1 << width) - 1)).astype(np.int32), _uniform(1 << width))


def decode_escapes(coder: Any, radius: Int64) -> Int64:
    """The inverse of `encode_escapes`; damaged data may give magnitudes above `MAX_MAGNITUDE`, below 2^33."""
    lengths: Int64 = coder.decode(_uniform(_LENGTHS), radius.size).astype(np.int64)
    negative: NDArray[np.bool_] = coder.decode(_uniform(2), radius.size) != 0
    excess = lengths.copy()  # right for the lengths 0 and 1
    for length in range(2, _LENGTHS):
        where = np.flatnonzero(lengths == length)
        if where.size == 0:
            continue
        values = np.full(where.size, 1 << (length - 1), dtype=np.int64)
        for shift, width in _pieces(length - 1):
            values |= coder.decode(_uniform(1 << width), where.size).astype(np.int64) << shift
        excess[where] = values
    magnitude = excess + radius + 1
    return np.where(negative, -magnitude, magnitude)
