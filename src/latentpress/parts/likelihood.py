"""Code length of quantised values under a discretised logistic distribution, whose scales are on the grid of
`codecs.scales`.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from latentpress.codecs.scales import LOG_STEP, SCALE_COUNT, SMALLEST_SCALE

__all__ = ["initial_index", "logistic_bits", "scale_index", "scale_of"]


def scale_of(index: Tensor) -> Tensor:
    """Logistic scale s of a (fractional) scale index: 0.045 at 0.5, 120 at 63, equal steps in log s between."""
    return torch.exp((index - 0.5) * LOG_STEP) * SMALLEST_SCALE


def scale_index(scale: Tensor) -> Tensor:
    """Fractional scale index of a logistic scale: the inverse of ``scale_of``."""
    return torch.log(scale / SMALLEST_SCALE) / LOG_STEP + 0.5


def initial_index(deviations: Tensor) -> Tensor:
    """Scale indices to begin with where values have these standard deviations."""
    return scale_index(0.55 * deviations.clamp_min(1e-3)).clamp(-8, SCALE_COUNT - 1)


def logistic_bits(residual: Tensor, scale: Tensor, half: float | Tensor = 0.5) -> Tensor:
    """Bits to code ``residual`` (rounded, or with uniform noise) under a zero-mean logistic of scale ``scale``.

    -log2 of the mass on [residual - half, residual + half], in the form
    log mass = b + log(1 - exp(-2b)) - log(e^a + e^-a + e^b + e^-b), a = |residual| / s, b = half / s,
    which loses no precision in the tails (difference of two sigmoids does).
    """
    a = residual.abs() / scale
    b = half / scale
    top = torch.maximum(a, b)
    tail = torch.exp(a - top) + torch.exp(-a - top) + torch.exp(b - top) + torch.exp(-b - top)
    log_mass = b + torch.log1p(-torch.exp(-2 * b)) - top - torch.log(tail)
    return log_mass * (-1 / math.log(2))
