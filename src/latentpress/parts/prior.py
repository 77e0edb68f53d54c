"""A distribution for each channel and rate that depends on nothing else: what probability tables become in training."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn

from latentpress.parts.likelihood import logistic_bits
from latentpress.parts.quantise import round_half_up
from latentpress.parts.rate_table import RateTable

__all__ = ["ChannelPrior"]


class ChannelPrior(nn.Module):
    """Mixtures of ``shapes`` logistic distributions around zero, one for each of ``channels``, between ``anchors`` of
    the rate interpolated in their logarithms. After the factorised prior of Balle et al. 2017 (arXiv 1611.01704), which
    has splines in place of mixtures and one rate.

    Values are (B, channels, h, w), rounded or with uniform noise; ``mix`` (B, anchors) as in `rate_table`.
    """

    def __init__(self, channels: int, anchors: int, shapes: int = 3) -> None:
        super().__init__()
        self.shapes = shapes
        self.log_scale = RateTable(anchors, shapes * channels)
        self.log_weight = RateTable(anchors, shapes * channels)

    @torch.no_grad()
    def start(self, deviations: Tensor) -> None:
        """Begin with distributions of standard deviations (anchors, channels), in steps."""
        spread = torch.linspace(-1.0, 1.0, self.shapes)[:, None]
        scale = torch.log(0.55 * deviations)[:, None] + spread
        self.log_scale.table.copy_(scale.clamp_min(-3).flatten(1))

    def bits(self, values: Tensor, mix: Tensor) -> Tensor:
        """Bits of each value."""
        weight, scale = (table(mix).unflatten(1, (self.shapes, -1)) for table in (self.log_weight, self.log_scale))
        bits = logistic_bits(values[:, None], torch.exp(scale))
        return torch.logsumexp(torch.log_softmax(weight, dim=1) - math.log(2) * bits, dim=1) / -math.log(2)

    @torch.no_grad()
    def rate_aware(self, values: Tensor, mix: Tensor, weight: float) -> Tensor:
        """What an encoder makes of values: the nearest whole number or the next one towards zero
        (`codecs.rounding.Rounding`, where ``weight`` is explained).
        """
        size = values.abs()
        nearest = round_half_up(size)
        saved = self.bits(nearest, mix) - self.bits(nearest - 1, mix)
        smaller = (nearest > 0) & ((2 * (size - nearest) + 1) * weight < saved)
        return (nearest - smaller.to(nearest.dtype)).copysign(values)

    @torch.no_grad()
    def chances(self, mix: Tensor, limit: int) -> Tensor:
        """(B, channels, 2 limit + 1): of the whole numbers from -limit on."""
        numbers = torch.arange(-limit, limit + 1.0, device=mix.device).expand(len(mix), 1, 1, -1)
        return torch.exp2(-self.bits(numbers, mix))[:, :, 0]
