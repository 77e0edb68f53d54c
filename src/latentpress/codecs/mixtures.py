"""Mixtures of logistic distributions in whole numbers: values of which an integer network says how they are spread.

A value is found by halving the range that it lies in: a bit each, whose chance is a quotient of sums of the cumulative
distribution. So a value of 256 costs eight looks at the mixture and not 256, and all that a chance depends on is whole
numbers: the outputs of the network, a table of the logistic function and one of powers. After the discretised logistic
mixtures of PixelCNN++ (Salimans et al. 2017), as L3C codes with them (Mentzer et al. 2019, arXiv:1811.12817).
"""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.ports import Port
from latentpress.entropy import TOTAL

__all__ = ["FLOOR_BITS", "GRID", "LARGEST", "SMALLEST", "code_values"]

GRID = 8
"""Weights and scales are given in 1/8 octave, means in 1/8 of a value."""

SMALLEST, LARGEST = -3, 8
"""log2 of the least and of the largest scale, in values."""

FLOOR_BITS = 18
"""Every value has a chance of 2^-18 besides what the mixture says."""

_ONE = 1 << 24  # of the cumulative distribution
_UNITS, _REACH = 2048, 16  # steps of its table for a scale; scales to either side
_WEIGHT_BITS = 12
_EIGHTHS = (1048576, 961548, 881744, 808563, 741455, 679917, 623487, 571740)  # 2^(20 - k/8)
_HALF_STEP = 4610560255948314624  # 2^62 exp(-1 / (2 _UNITS))
_PIECE = 1 << 15  # values at a time, for the nearest caches

Whole = NDArray[np.int64]


@cache
def _logistic() -> Whole:
    """The logistic function in steps of 1 / _UNITS, from the middle of the first step at -_REACH on."""
    half = _UNITS * _REACH
    falling, power = [], 1 << 62
    for _ in range(2 * half):
        power = power * _HALF_STEP >> 62
        falling.append(power)
    odd = falling[0::2]  # exp(-(i + 1/2) / _UNITS), of a whole number of 62 bits
    upper = np.array([(_ONE << 62) // ((1 << 62) + one) for one in odd], np.int64)
    return np.concatenate([_ONE - upper[::-1], upper])


@cache
def _scales() -> Whole:
    """Steps of the table for 1/16 of a value, times 2^12, for scales from `SMALLEST` on in 1/8 octave."""
    exponents = range(GRID * SMALLEST, GRID * LARGEST + 1)
    # 2^(19 - k/8): _UNITS / 16 = 2^7 steps, times 2^12
    return np.array([_EIGHTHS[k % 8] >> 1 + k // 8 if k >= 0 else _EIGHTHS[k % 8] << -(k // 8) >> 1 for k in exponents])


@cache
def _powers() -> Whole:
    """2^(12 - k/8) for k from 0 on."""
    return np.array([_EIGHTHS[k % 8] >> 20 - _WEIGHT_BITS + k // 8 for k in range(8 * (_WEIGHT_BITS + 1))], np.int64)


class _Mixture:
    """Cumulative distributions of N values. parameters: (3, K, N), logits, means, scales."""

    def __init__(self, parameters: Whole, first: Whole, step: int, bits: int) -> None:
        logits, means, scales = parameters
        below = np.minimum(logits.max(axis=0) - logits, len(_powers()) - 1)
        self._weights = _powers()[below]
        self._inverse = _scales()[np.clip(scales, GRID * SMALLEST, GRID * LARGEST) - GRID * SMALLEST]
        # the lower edge of symbol 0 from each mean, in 1/16
        self._start, self._step = 16 * first - 8 * step - 2 * means, 16 * step
        total = self._weights.sum(axis=0) * _ONE
        self._floor = total >> FLOOR_BITS
        self.total = total + (self._floor << bits)

    def below(self, symbols: Whole) -> Whole:
        """The mass of all symbols before these."""
        table = _logistic()
        place = ((self._start + self._step * symbols) * self._inverse >> 12) + _UNITS * _REACH
        mass = table[np.clip(place, 0, len(table) - 1)]
        found: Whole = (mass * self._weights).sum(axis=0) + self._floor * symbols
        return found


def code_values(
    port: Port,
    wanted: NDArray[Any] | None,
    parameters: NDArray[Any],
    first: NDArray[Any] | int,
    step: int,
    bits: int,
    name: str = "values",
) -> Whole:
    """Code symbols (N,) below 2^bits, or None, and give them back. Symbol s stands for the values around
    ``first + step * s``, ``step`` of them (an odd number); what lies beyond the first and the last one counts to them.

    parameters: (3, K, N) whole numbers: logits in 1/8 octave, means in 1/8 value, log2 of the scales in 1/8 octave.
    first: (N,) or a number.
    """
    count = parameters.shape[2]
    out = np.zeros(count, np.int64)
    start = np.broadcast_to(np.asarray(first, np.int64), count)
    for at in range(0, count, _PIECE):
        piece = slice(at, at + _PIECE)
        some = None if wanted is None else np.asarray(wanted[piece], np.int64)
        mixture = _Mixture(parameters[..., piece].astype(np.int64), start[piece], step, bits)
        out[piece] = _halved(port, some, mixture, bits, name)
    return out


def _halved(port: Port, wanted: Whole | None, mixture: _Mixture, bits: int, name: str) -> Whole:
    """Symbols, the high bit first."""
    low, high = np.zeros_like(mixture.total), mixture.total
    found, each = np.zeros(len(low), np.int64), np.arange(len(low))
    for level in range(bits - 1, -1, -1):
        middle = mixture.below(found + (1 << level))
        ones = ((high - middle) * TOTAL) // (high - low)
        chances = np.clip(ones, 1, TOTAL - 1).astype(np.uint32)
        bit = port.bits(None if wanted is None else wanted >> level & 1, each, chances, name).astype(np.int64)
        found += bit << level
        low, high = np.where(bit, middle, low), np.where(bit, high, middle)
    return found
