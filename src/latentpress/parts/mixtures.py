"""Mixtures of logistic distributions as integer networks give them, and what values cost under them.

Numbers are in the units of `latentpress.codecs.mixtures`: an output of a head is a whole number of eighths, of an
octave or of a value, and the training sees these very numbers.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.mixtures import FLOOR_BITS, GRID, LARGEST, SMALLEST
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, delta_head, hidden_layer
from latentpress.parts.quantise import clamp_ste, round_ste

__all__ = ["Block", "Doubling", "MixtureHead", "mixture_bits", "pixel_bits"]

_MEAN_BITS, _SHAPE_BITS = 7, 4  # of heads: how far a step of their weights reaches


def mixture_bits(parameters: Tensor, symbols: Tensor, first: Tensor | float, bits: int) -> Tensor:
    """Bits of symbols (B, C, H, W) below 2^bits under mixtures (B, 3, C, K, H, W), which stand for the values around
    ``first + symbol``, as `code_values` codes them with a step of 1.
    """
    logits, means, scales = (parameters[:, k] / GRID for k in range(3))
    inverse = torch.exp2(-clamp_ste(scales, SMALLEST, LARGEST))
    centred = (symbols + first)[:, :, None] - means
    upper, lower = (centred + 0.5) * inverse, (centred - 0.5) * inverse
    last = (symbols == 2**bits - 1)[:, :, None]
    above = torch.where(last, torch.full_like(upper, 40.0), upper)
    below = torch.where((symbols == 0)[:, :, None], torch.full_like(lower, -40.0), lower)
    # on the side where the logistic function is small: differences keep their digits
    sign = -torch.sign(above + below).detach()
    mass = (torch.sigmoid(sign * above) - torch.sigmoid(sign * below)).abs()
    share = torch.softmax(logits * math.log(2.0), dim=2)
    floor = 2.0**-FLOOR_BITS
    return -torch.log2(((share * mass).sum(dim=2) + floor) / (1 + floor * 2**bits))


class MixtureHead(nn.Module):
    """Integer features (B, width, H, W) to mixtures of ``channels`` values at ``size`` x ``size`` places each, and
    whole numbers besides: (B, 3 * channels * K + further, H * size, W * size), logits, means and scales in eighths.

    middle: what means begin at, in values; octave: log2 of the least scale at the start, further components being two
    octaves wider each.
    """

    start: Tensor

    def __init__(
        self, width: int, channels: int, components: int, size: int = 1, further: int = 0, middle: float = 0.0,
        octave: int = 1,
    ) -> None:  # fmt: skip
        super().__init__()
        self.channels, self.components, self.size = channels, components, size
        self.count = channels * components
        self.means = delta_head(width, self.count * size**2, _MEAN_BITS)
        self.shapes = delta_head(width, (2 * self.count + further) * size**2, _SHAPE_BITS)
        start = torch.zeros(3, channels, components)
        start[1] = GRID * middle
        start[2] = GRID * (octave + 2 * torch.arange(components))
        self.register_buffer("start", F.pad(start.reshape(-1), (0, further)).reshape(1, -1, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        means, shapes = self.means(features) * 2**_MEAN_BITS, self.shapes(features) * 2**_SHAPE_BITS
        if self.size > 1:
            means, shapes = F.pixel_shuffle(means, self.size), F.pixel_shuffle(shapes, self.size)
        return torch.cat([shapes[:, : self.count], means, shapes[:, self.count :]], dim=1) + self.start

    def apart(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Mixtures (B, 3, channels, K, H, W), and the numbers besides."""
        mixtures, further = outputs[:, : 3 * self.count], outputs[:, 3 * self.count :]
        shape = (len(outputs), 3, self.channels, self.components, *outputs.shape[2:])
        return mixtures.reshape(shape), further


def pixel_bits(head: MixtureHead, outputs: Tensor, pixels: Tensor, base: Tensor) -> Tensor:
    """Bits of R, G and B (B, 3, H, W) in grey levels, coded in this order by mixtures around ``base``: the three
    numbers besides say, in 1/32, how far G follows R, and B follows R and G, away from the base. As `code_pixels`.
    """
    mixtures, follow = head.apart(outputs)
    away = pixels - base
    shift = [torch.zeros_like(away[:, 0]), follow[:, 0] * away[:, 0]]
    shift.append(follow[:, 1] * away[:, 0] + follow[:, 2] * away[:, 1])
    means = mixtures[:, 1] + (GRID * base + round_ste(torch.stack(shift, dim=1) / 4 - 0.5))[:, :, None]
    return mixture_bits(torch.stack([mixtures[:, 0], means, mixtures[:, 2]], dim=1), pixels, 0.0, 8)


class Block(nn.Module):
    """Two 3x3 layers and a way around them, all in integers: activations 0..255 of `FEATURE_BITS` in and out."""

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first = _layer(width, 0, 255)
        self.second = _layer(width, -255, 255)

    def forward(self, x: Tensor) -> Tensor:
        out: Tensor = (x + self.second(self.first(x))).clamp(0, 255 * 2.0**-FEATURE_BITS)
        return out


class Doubling(nn.Module):
    """Twice the resolution, by a point-wise layer and a rearrangement."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.layer = hidden_layer(width, 4 * outputs)

    def forward(self, x: Tensor) -> Tensor:
        doubled: Tensor = F.pixel_shuffle(self.layer(x), 2)
        return doubled


def _layer(width: int, low: int, high: int) -> IntegerConv2d:
    return IntegerConv2d(
        width, width, 3, in_bits=FEATURE_BITS, in_high=255, out_bits=FEATURE_BITS, out_low=low, out_high=high
    )
