"""Whole numbers as a symbol of a small alphabet and bits of which nothing is known.

Numbers below 8 are symbols themselves; of a larger one the symbol says how many bits it has, and those after the
leading one follow as they are (after the categories of JPEG, ITU-T T.81, F.1.2.1).
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy.fields import bits_of, pack_fields, unpack_fields

__all__ = ["SYMBOLS", "extra_bits", "join_classes", "split_classes"]

_SMALL, _SMALL_BITS = 8, 3
_LONGEST = 24  # bits of a number

SYMBOLS = _SMALL + _LONGEST - _SMALL_BITS
"""Of the alphabet."""


def extra_bits(symbols: NDArray[Any]) -> NDArray[np.int64]:
    """How many bits follow each symbol."""
    return np.where(symbols < _SMALL, 0, symbols.astype(np.int64) - _SMALL + _SMALL_BITS)


def split_classes(values: NDArray[Any]) -> tuple[NDArray[np.uint8], bytes]:
    """Symbols of numbers 0..2^24 - 1 (n,), and the bits that follow them."""
    lengths = np.frexp(values.astype(np.float64))[1]
    symbols = np.where(values < _SMALL, values, _SMALL + lengths - 1 - _SMALL_BITS).astype(np.uint8)
    return symbols, pack_fields(values, extra_bits(symbols))


def join_classes(symbols: NDArray[np.uint8], data: bytes | memoryview) -> NDArray[np.int64]:
    """The inverse. Raises CorruptFileError if bits are missing."""
    extra = extra_bits(symbols)
    return np.where(symbols < _SMALL, symbols, (1 << extra) + unpack_fields(bits_of(data), extra))
