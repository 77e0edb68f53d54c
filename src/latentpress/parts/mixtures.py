"""Mixtures of logistic distributions as integer networks give them, and what values cost under them.

Numbers are in the units of `latentpress.codecs.mixtures`: an output of a head is a whole number of eighths, of an
octave or of a value, and the training sees these very numbers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.mixtures import FLOOR_BITS, GRID, LARGEST, SMALLEST
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, delta_head
from latentpress.parts.quantise import round_ste, straight_through

__all__ = ["FOLLOW", "Block", "Doubling", "Entry", "MixtureHead", "ResidualNet", "mixture_bits", "pixel_bits"]

FOLLOW = (30, 30, 0)
"""How far R follows G, and B follows G and R, in 1/32, before anything is learned (`pixel_bits`)."""

_GAIN = 4.0  # of differences between pixels, at the start
_MEAN_BITS, _SHAPE_BITS = 5, 4  # of heads: how far a step of their weights reaches


def mixture_bits(parameters: Tensor, symbols: Tensor, base: Tensor | float, bits: int) -> Tensor:
    """Bits of symbols (B, C, H, W) below 2^bits under mixtures (B, 3, C, K, H, W), whose means are counted from
    ``base``, as `code_values` codes them with a step of 1.
    """
    logits, means, scales = (parameters[:, k] / GRID for k in range(3))
    inverse = torch.exp2(-scales.clamp(SMALLEST, LARGEST))
    centred = (symbols - base)[:, :, None] - means
    upper, lower = (centred + 0.5) * inverse, (centred - 0.5) * inverse
    # in logarithms: a value that the mixture finds impossible still says where it is
    below, above = F.logsigmoid(upper), F.logsigmoid(-lower)
    within = below + above + torch.log(-torch.expm1(-inverse))
    last = torch.where((symbols == 2**bits - 1)[:, :, None], above, within)
    log_mass = torch.where((symbols == 0)[:, :, None], below, last)
    log_share = torch.log_softmax(logits * math.log(2.0), dim=2)
    log_chance = torch.logsumexp(log_share + log_mass, dim=2)
    floor = 2.0**-FLOOR_BITS
    floored = torch.log((log_chance.detach().exp() + floor) / (1 + floor * 2**bits))
    # the floor hides from the gradient, which would end where it is reached
    return straight_through(log_chance, floored) / -math.log(2.0)


class MixtureHead(nn.Module):
    """Integer features (B, width, H, W) to mixtures of ``channels`` values at each place, and whole numbers besides:
    (B, n, H, W), logits, means and scales in eighths, and these.

    further: what the numbers besides begin at. octave: log2 of the least scale at the start, further components being
    two octaves wider each. Means begin at 0.
    """

    start: Tensor

    def __init__(
        self, width: int, channels: int, components: int, further: Sequence[int] = (), octave: int = 1
    ) -> None:
        super().__init__()
        self.channels, self.components, self.octave = channels, components, octave
        self.count = channels * components
        self.means = delta_head(width, self.count, _MEAN_BITS)
        self.shapes = delta_head(width, 2 * self.count + len(further), _SHAPE_BITS)
        start = torch.zeros(3, channels, components)
        start[2] = GRID * (octave + 2 * torch.arange(components))
        self.register_buffer("start", torch.cat([start.reshape(-1), torch.tensor(further)]).reshape(1, -1, 1, 1))

    def forward(self, features: Tensor) -> Tensor:
        means, shapes = self.means(features) * 2**_MEAN_BITS, self.shapes(features) * 2**_SHAPE_BITS
        return torch.cat([shapes[:, : self.count], means, shapes[:, self.count :]], dim=1) + self.start

    def apart(self, outputs: Tensor) -> tuple[Tensor, Tensor]:
        """Mixtures (B, 3, channels, K, H, W), and the numbers besides."""
        mixtures, further = outputs[:, : 3 * self.count], outputs[:, 3 * self.count :]
        shape = (len(outputs), 3, self.channels, self.components, *outputs.shape[2:])
        return mixtures.reshape(shape), further


def pixel_bits(head: MixtureHead, outputs: Tensor, pixels: Tensor, base: Tensor) -> Tensor:
    """Bits of R, G and B (B, 3, H, W) in grey levels, G coded first, by mixtures around ``base``: the three numbers
    besides say, in 1/32, how far R follows G, and B follows G and R, away from the base. As `code_pixels`.
    """
    mixtures, follow = head.apart(outputs)
    red, green, _ = (pixels - base).unbind(dim=1)
    shift = [follow[:, 0] * green, torch.zeros_like(green), follow[:, 1] * green + follow[:, 2] * red]
    ahead = base + round_ste(torch.stack(shift, dim=1) / 4 - 0.5) / GRID
    return mixture_bits(mixtures, pixels, ahead, 8)


class Entry(nn.Module):
    """Pixels (B, pixels, H, W), 0..255, and activations (B, others, H, W) to integer features (B, width, H, W).

    A grey level is two steps of the input's grid, and the layer begins with differences of pixels, made larger: what
    sets neighbours apart would be lost in the rounding of features that say how bright they are. Beside pixels other
    activations begin with no weight.
    """

    def __init__(self, pixels: int, others: int, width: int) -> None:
        super().__init__()
        self.layer = _layer(pixels + others, width, 3)
        with torch.no_grad():
            seen = self.layer.weight[:, :pixels]
            self.layer.weight[:, :pixels] = _GAIN * (seen - seen.mean(dim=(1, 2, 3), keepdim=True))
            if pixels:
                self.layer.weight[:, pixels:] = 0.0

    def forward(self, pixels: Tensor, *others: Tensor) -> Tensor:
        centred = (2 * pixels - 255).clamp(-255, 255) * 2.0**-FEATURE_BITS
        out: Tensor = self.layer(torch.cat([centred, *others], dim=1))
        return out


class Block(nn.Module):
    """Two 3x3 layers and a way around them, all in integers: signed features of `FEATURE_BITS` in and out.

    Only what is between the layers is rectified. Means are sums of pixels with signs, which pass by undisturbed.
    """

    def __init__(self, width: int) -> None:
        super().__init__()
        self.first, self.second = _layer(width, width, 3, low=0), _layer(width, width, 3)

    def forward(self, x: Tensor) -> Tensor:
        limit = 255 * 2.0**-FEATURE_BITS
        out: Tensor = (x + self.second(self.first(x))).clamp(-limit, limit)
        return out


class Doubling(nn.Module):
    """Twice the resolution, by a point-wise layer and a rearrangement."""

    def __init__(self, width: int, outputs: int) -> None:
        super().__init__()
        self.layer = _layer(width, 4 * outputs, 1)

    def forward(self, x: Tensor) -> Tensor:
        doubled: Tensor = F.pixel_shuffle(self.layer(x), 2)
        return doubled


class ResidualNet(nn.Module):
    """A lossy picture (B, 3, H, W), 0..255, to mixtures around its pixels (B, n, H, W). Works at half the resolution,
    in integers.
    """

    def __init__(self, width: int, blocks: int, components: int) -> None:
        super().__init__()
        self.enter = Entry(12, 0, width)
        self.blocks = nn.Sequential(*(Block(width) for _ in range(blocks)))
        self.doubling = Doubling(width, width)
        self.head = MixtureHead(width, 3, components, FOLLOW)

    def forward(self, x: Tensor) -> Tensor:
        outputs: Tensor = self.head(self.doubling(self.blocks(self.enter(F.pixel_unshuffle(x, 2)))))
        return outputs

    def bits(self, pixels: Tensor, lossy: Tensor) -> Tensor:
        """Bits of each sample (B, 3, H, W) beyond the lossy picture."""
        return pixel_bits(self.head, self(lossy), pixels, lossy)


def _layer(inputs: int, outputs: int, kernel: int, low: int = -255) -> IntegerConv2d:
    return IntegerConv2d(
        inputs, outputs, kernel, in_bits=FEATURE_BITS, in_high=255, out_bits=FEATURE_BITS, out_low=low, out_high=255
    )
