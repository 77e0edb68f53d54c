"""An adaptive arithmetic coder for loops from symbol to symbol, in whole numbers; compiled where numba is installed.

A range coder with 32 bits of range (Martin 1979, with the carry held back as in LZMA). Tables are counts that the coder
keeps up. `constriction` codes whatever can be coded in groups; here a symbol's table depends on the one before.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.fast import compiled

__all__ = ["code_plain", "code_symbol", "finish", "start"]

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_LOW, _RANGE, _HELD, _PENDING, _AT, _CODE = range(6)
_TOP, _FULL, _LEAST = 1 << 32, (1 << 32) - 1, 1 << 24
_STEP = 32  # what a symbol adds to its count
_MOST = 1 << 15  # a table whose sum passes this is halved


@compiled
def start(data: Bytes, writing: bool) -> Integers:
    """A coder at the beginning of its bytes: its state."""
    coder = np.zeros(6, np.int64)
    coder[_RANGE] = _FULL
    coder[_PENDING] = 1
    if not writing:
        for _ in range(5):
            coder[_CODE] = coder[_CODE] << 8 & _FULL | _next(coder, data)
    return coder


@compiled
def finish(coder: Integers, data: Bytes, writing: bool) -> int:
    """Write what is held back; gives the bytes used."""
    if writing:
        for _ in range(5):
            _shift(coder, data)
    return int(coder[_AT])


@compiled
def code_symbol(coder: Integers, data: Bytes, counts: Integers, symbol: int, writing: bool) -> int:
    """Code a symbol by ``counts``, whose last element is their sum, and count it."""
    total, low, found = counts[-1], 0, 0
    coder[_RANGE] //= total
    if writing:
        found = symbol
        for i in range(symbol):
            low += counts[i]
    else:
        place = min(coder[_CODE] // coder[_RANGE], total - 1)
        while low + counts[found] <= place:
            low += counts[found]
            found += 1
    _narrow(coder, data, low, counts[found], writing)
    counts[found] += _STEP
    counts[-1] += _STEP
    if counts[-1] > _MOST:
        counts[-1] = 0
        for i in range(counts.size - 1):
            counts[i] = (counts[i] + 1) >> 1
            counts[-1] += counts[i]
    return found


@compiled
def code_plain(coder: Integers, data: Bytes, bits: int, value: int, writing: bool) -> int:
    """Code a number of so many bits of which nothing is known."""
    found = 0
    for i in range(bits - 1, -1, -1):
        coder[_RANGE] //= 2
        bit = (value >> i) & 1 if writing else min(coder[_CODE] // coder[_RANGE], 1)
        _narrow(coder, data, bit, 1, writing)
        found = 2 * found + bit
    return found


@compiled
def _narrow(coder: Integers, data: Bytes, low: int, count: int, writing: bool) -> None:
    coder[_LOW] += low * coder[_RANGE]
    coder[_CODE] -= low * coder[_RANGE]
    coder[_RANGE] *= count
    while coder[_RANGE] < _LEAST:
        coder[_RANGE] <<= 8
        if writing:
            _shift(coder, data)
        else:
            coder[_CODE] = coder[_CODE] << 8 & _FULL | _next(coder, data)


@compiled
def _shift(coder: Integers, data: Bytes) -> None:
    """Move the highest byte out; bytes of 255 wait, since a carry may come."""
    if coder[_LOW] < 0xFF000000 or coder[_LOW] >= _TOP:
        carry = coder[_LOW] >> 32
        value = coder[_HELD] + carry
        for _ in range(coder[_PENDING]):
            if coder[_AT] < data.size:
                data[coder[_AT]] = value & 255
            coder[_AT] += 1
            value = 255 + carry
        coder[_PENDING] = 0
        coder[_HELD] = coder[_LOW] >> 24 & 255
    coder[_PENDING] += 1
    coder[_LOW] = coder[_LOW] << 8 & _FULL


@compiled
def _next(coder: Integers, data: Bytes) -> int:
    """The next byte; past the end there are zeros."""
    value = data[coder[_AT]] if coder[_AT] < data.size else 0
    coder[_AT] += 1
    return int(value)
