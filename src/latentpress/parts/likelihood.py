"""Code length of quantised values under a discretised logistic distribution, and the grid of its scales."""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = ["SCALE_BITS", "SCALE_COUNT", "logistic_bits", "scale_index", "scale_of"]

SCALE_COUNT = 64
"""Number of probability tables. Table 0 codes nothing: its symbols are zero by rule."""

SCALE_BITS = 4
"""Fractional bits of a scale index on the integer path."""

_SMALLEST, _LARGEST = 0.045, 120.0
_STEP = math.log(_LARGEST / _SMALLEST) / (SCALE_COUNT - 1.5)


def scale_of(index: Tensor) -> Tensor:
    """Logistic scale s of a (fractional) scale index: 0.045 at 0.5, 120 at 63, equal steps in log s between."""
    return torch.exp((index - 0.5) * _STEP) * _SMALLEST


def scale_index(scale: Tensor) -> Tensor:
    """Fractional scale index of a logistic scale: the inverse of ``scale_of``."""
    return torch.log(scale / _SMALLEST) / _STEP + 0.5


def logistic_bits(residual: Tensor, scale: Tensor) -> Tensor:
    """Bits to code ``residual`` (rounded, or with uniform noise) under a zero-mean logistic of scale ``scale``.

    -log2 of the mass on [residual - 1/2, residual + 1/2], in the form
    log mass = b + log(1 - exp(-2b)) - log(e^a + e^-a + e^b + e^-b), a = |residual| / s, b = 1 / (2s),
    which loses no precision in the tails (difference of two sigmoids does).
    """
    a = residual.abs() / scale
    b = 0.5 / scale
    top = torch.maximum(a, b)
    tail = torch.exp(a - top) + torch.exp(-a - top) + torch.exp(b - top) + torch.exp(-b - top)
    log_mass = b + torch.log1p(-torch.exp(-2 * b)) - top - torch.log(tail)
    return log_mass * (-1 / math.log(2))
