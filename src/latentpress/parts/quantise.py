"""Rounding with straight-through gradients (Bengio et al. 2013, arXiv 1308.3432), uniform noise (Balle et al. 2017),
soft rounding (Agustsson and Theis 2020, arXiv 2006.09952).
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

__all__ = [
    "add_uniform_noise",
    "clamp_ste",
    "round_half_up",
    "round_ste",
    "soft_round",
    "soft_round_inverse",
    "straight_through",
]


def straight_through(x: Tensor, value: Tensor) -> Tensor:
    """``value``, with the gradient of ``x``. Without gradients it is ``value`` itself, so exported graphs hold no
    detour.
    """
    return x + (value - x).detach() if torch.is_grad_enabled() and x.requires_grad else value


def round_half_up(x: Tensor) -> Tensor:
    """Round as ``floor(x + 1/2)``: the one rounding rule of the integer networks, the same in every engine."""
    return torch.floor(x + 0.5)


def round_ste(x: Tensor) -> Tensor:
    """Round half up; the gradient passes unchanged."""
    return straight_through(x, round_half_up(x))


def clamp_ste(x: Tensor, low: float, high: float) -> Tensor:
    """Clamp to [low, high]; the gradient passes unchanged, so no unit dies.

    A plain clamp has zero gradient outside its range, and a unit that leaves the range during training stays there.
    """
    return straight_through(x, x.clamp(low, high))


def add_uniform_noise(x: Tensor, source: torch.Generator | Tensor | None) -> Tensor:
    """Add noise from U(-1/2, 1/2): the differentiable stand-in for rounding.

    ``source``: the generator to draw it from (None: the global one), or values in [0, 1) of the shape of ``x``.
    """
    if not isinstance(source, Tensor):
        source = torch.rand(x.shape, generator=source, dtype=x.dtype, device=x.device)
    return x + (source - 0.5)


def soft_round(x: Tensor, alpha: float) -> Tensor:
    """A smooth, invertible stand-in for rounding: near ``x`` for small ``alpha``, near the whole number for large."""
    middle = torch.floor(x) + 0.5
    return middle + torch.tanh(alpha * (x - middle)) / (2 * math.tanh(alpha / 2))


def soft_round_inverse(x: Tensor, alpha: float) -> Tensor:
    """What `soft_round` makes ``x`` of."""
    middle = torch.floor(x) + 0.5
    inner = (2 * math.tanh(alpha / 2)) * (x - middle)
    return middle + torch.atanh(inner.clamp(-1 + 1e-6, 1 - 1e-6)) / alpha
