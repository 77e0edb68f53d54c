"""The 8x8 discrete cosine transform in whole numbers, to the bit as nearly all JPEG programs have it.

Loeffler, Ligtenberg and Moschytz (1989) need eleven products for eight samples. Rounded are only
the constants of their graph, to 1/8192, and the result of each direction. So a direction is a matrix of whole numbers,
whose entries are sums of these constants and not the cosines rounded: that is what makes programs agree.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["IntegerDct"]

_BITS, _EXTRA = 13, 2  # of the constants; kept between the two directions
_PIECE = 1 << 14  # blocks at a time: sums are in double precision, exact and eight bytes each


def _matrix() -> NDArray[np.float64]:
    """(8, 8) samples by frequencies, in 1/8192."""
    cosine = [math.cos(math.pi * k / 16) for k in range(8)]

    def constant(*signs: int) -> int:
        """The rounded sum of the odd cosines 1, 3, 5, 7, each with its sign, times the root of two."""
        return round(math.sqrt(2) * (1 << _BITS) * sum(s * cosine[k] for s, k in zip(signs, (1, 3, 5, 7), strict=True)))

    a, b, c, d = constant(-1, 1, 1, -1), constant(1, 1, -1, 1), constant(1, 1, 1, -1), constant(1, 1, -1, -1)
    n1, n2, n3, n4 = constant(0, 1, 0, -1), constant(1, 1, 0, 0), constant(0, 1, 1, 0), constant(0, 1, -1, 0)
    p, one = constant(0, 1, 0, 0), 1 << _BITS
    low = round(math.sqrt(2) * cosine[6] * one)
    less = round(math.sqrt(2) * (cosine[2] - cosine[6]) * one)
    more = round(math.sqrt(2) * (cosine[2] + cosine[6]) * one)
    odd = [
        [p + d - n1 - n4, p, p - n4, p - n1],
        [p, p + c - n2 - n3, p - n2, p - n3],
        [p - n4, p - n2, p + b - n2 - n4, p],
        [p - n1, p - n3, p, p + a - n1 - n3],
    ]
    first, second = low + less, low - more
    even = [[one, first, one, low], [one, low, -one, second], [one, -low, -one, -second], [one, -first, one, -low]]
    half = np.stack([even, odd], axis=2).reshape(4, 8)
    signs = np.where(np.arange(8) % 2, -1, 1)
    return np.concatenate([half, (half * signs)[::-1]]).astype(np.float64)


_MATRIX = _matrix()


class IntegerDct:
    """Stage: blocks (..., 64) of samples -128..127, rows first, to eight times their coefficients (int32); a flat block
    of value v has 64 v as its first one. The inverse takes coefficients, without the eight, and rounds to samples.

    Both are libjpeg's "slow integer" transforms. The way there and back is right to one level.
    """

    def forward(self, samples: NDArray[Any]) -> NDArray[np.int32]:
        """Eight times the coefficients."""
        return _both(samples, _MATRIX, _BITS - _EXTRA, _BITS + _EXTRA)

    def inverse(self, coefficients: NDArray[Any]) -> NDArray[np.int32]:
        """Samples, not clipped."""
        return _both(coefficients, _MATRIX.T, _BITS - _EXTRA, _BITS + _EXTRA + 3, columns_first=True)


def _both(
    blocks: NDArray[Any], matrix: NDArray[np.float64], first: int, second: int, columns_first: bool = False
) -> NDArray[np.int32]:
    """Each row and each column of the blocks times the matrix, shifted down by so many bits with rounding."""
    flat = blocks.reshape(-1, 8, 8)
    done = np.empty(flat.shape, np.int32)
    for start in range(0, len(flat), _PIECE):
        part = flat[start : start + _PIECE].astype(np.float64)
        if columns_first:
            part = part.swapaxes(1, 2)
        for shift in (first, second):
            sums = np.matmul(part.reshape(-1, 8), matrix).reshape(part.shape)
            sums += 1 << (shift - 1)
            sums *= 2.0**-shift
            part = np.floor(sums, out=sums).swapaxes(1, 2)
        done[start : start + _PIECE] = part.swapaxes(1, 2) if columns_first else part
    return done.reshape(blocks.shape)
