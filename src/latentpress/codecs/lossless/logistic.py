"""Logarithms of numbers and the probabilities of logits, in whole numbers that are the same on every machine.

Logits are differences of logarithms to base 2, in `STEPS` to an octave.
"""

from __future__ import annotations

from functools import cache

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.powers import whole_power

__all__ = ["ONE", "STEPS", "log2_steps", "logarithms", "probabilities", "probability"]

Floats = NDArray[np.float64]

_HALVINGS = 8
STEPS = 1 << _HALVINGS
"""Of a logarithm, to an octave."""

ONE = float(1 << 16)
"""A probability of 1."""

_MANTISSAS = 1 << 12  # places of a logarithm's table, to an octave
_LARGEST = 12 * STEPS  # of a logit: beyond it probabilities stay as they are
_FINE = 1 << 24


@cache
def logarithms() -> Floats:
    """Logarithms of 1 + i / 4096, in steps, rounded down."""
    borders = [whole_power(k, _HALVINGS, _MANTISSAS) for k in range(STEPS)]
    places = np.arange(_MANTISSAS, 2 * _MANTISSAS)
    return np.searchsorted(borders, places, side="right").astype(np.float64) - 1


@cache
def probabilities() -> Floats:
    """Of the logits -12 .. 12 octaves, a place a step, in 1 / `ONE`."""
    fractions = [whole_power(k, _HALVINGS, _FINE) for k in range(STEPS)]
    one = _FINE << (_LARGEST // STEPS)
    powers = [fractions[k % STEPS] << (k // STEPS) for k in range(2 * _LARGEST + 1)]
    return np.array([int(ONE) * power // (power + one) for power in powers], np.float64)


def log2_steps(numbers: Floats) -> Floats:
    """Logarithms of positive numbers, in steps, rounded down, and 1,023 octaves that differences lack."""
    bits = numbers.view(np.int64)  # of a double: 11 of the exponent, which the first 12 of the mantissa follow
    found: Floats = logarithms()[bits >> 40 & _MANTISSAS - 1]
    found += (bits >> 52) * float(STEPS)
    return found


def probability(logits: Floats) -> Floats:
    """Of logits in steps, whole numbers, in 1 / `ONE`: above 0 and below 1."""
    place = np.minimum(np.maximum(logits, -_LARGEST), _LARGEST) + _LARGEST
    found: Floats = probabilities()[place.astype(np.int64)]
    return found
