"""Bits of quantised values in training: of noisy values, or of rounded ones with a gradient that takes two roads."""

from __future__ import annotations

import functools

import torch
from torch import Tensor

from latentpress.codecs.rounding import LEVELS
from latentpress.codecs.scales import SCALE_COUNT
from latentpress.parts.likelihood import logistic_bits, scale_of
from latentpress.parts.quantise import add_uniform_noise, round_half_up

__all__ = ["noisy_bits", "rate_aware", "two_road_bits"]

Source = torch.Generator | Tensor | None


def noisy_bits(value: Tensor, index: Tensor, noise: Source, *, least: float = 0.0) -> Tensor:
    """Bits of each value with uniform noise (`add_uniform_noise`), under the logistic distribution of its scale index,
    which is at least ``least``.
    """
    return _bits(add_uniform_noise(value, noise), index, least)


def two_road_bits(value: Tensor, rounded: Tensor, index: Tensor, noise: Source, *, least: float = 0.0) -> Tensor:
    """Bits of each rounded value, exact; their gradient takes two roads.

    To the scale index it is that of the bits that are really spent. To the value it is that of the noisy one: seen
    through straight-through rounding a symbol 0 has no slope, so nothing would ever push a small value smaller, and
    low rates would get worse the longer such a phase lasts (docs/training.md has the measurement).
    """
    bits = _bits(rounded.detach(), index, least)
    if not torch.is_grad_enabled():
        return bits
    slope = noisy_bits(value, index.detach(), noise, least=least)
    return bits + (slope - slope.detach())


@torch.no_grad()
def rate_aware(residual: Tensor, index: Tensor, weight: float) -> Tensor:
    """What the encoder makes of a residual: the nearest whole number or the next one towards zero
    (`codecs.rounding.Rounding`).
    """
    savings = _savings(weight, str(residual.device))
    size = residual.abs()
    nearest = round_half_up(size)
    row = round_half_up(index).clamp_(0, SCALE_COUNT - 1)
    place = row.mul_(LEVELS + 1).add_(nearest.clamp_max(LEVELS)).to(torch.int32)
    smaller = (size - nearest).mul_(2).add_(1) < savings.take(place.long())
    return (nearest - smaller.to(nearest.dtype)).copysign_(residual)


def _bits(value: Tensor, index: Tensor, least: float) -> Tensor:
    return logistic_bits(value, scale_of(index.clamp(least, SCALE_COUNT - 1)))


@functools.lru_cache(maxsize=4)
def _savings(weight: float, device: str) -> Tensor:
    """Bits that n - 1 costs less than n, in units of the weight, for each scale index and n = 0..LEVELS: flat."""
    scale = scale_of(torch.arange(SCALE_COUNT, dtype=torch.float32, device=device))[:, None]
    bits = logistic_bits(torch.arange(LEVELS, dtype=torch.float32, device=device)[None], scale)
    savings = torch.zeros(SCALE_COUNT, LEVELS + 1, device=device)
    savings[:, 1:LEVELS] = (bits[:, 1:] - bits[:, :-1]) / weight
    return savings.flatten()
