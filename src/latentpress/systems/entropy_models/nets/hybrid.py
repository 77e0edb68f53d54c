"""Hybrid attention on what hyper latents say (Bao et al. 2022), and a hybrid of hyper latents with a wider context (Fu
et al. 2021). The walks are those of mixtures and of raster contexts.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentpress.codecs.mean_scale.layout import MEAN_BITS
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, delta_head, hidden_layer, spatial_layer
from latentpress.parts.quantise import round_half_up, straight_through
from latentpress.systems.entropy_models.nets.base import Heads, Sizes
from latentpress.systems.entropy_models.nets.hyper import MixtureNet, RasterNet

__all__ = ["BaoNet", "FuNet", "HybridAttention"]

_GATE_BITS, _MOST_GATE = 4, 31
_HIGH = 255


class HybridAttention(nn.Module):
    """Features (B, F, h, w) times a gate for each channel and a gate for each place, both 0..31/16 and both read from
    the places around: no gate sees the whole picture, so tiles of it need nothing from one another. On the integer
    path.
    """

    def __init__(self, features: int) -> None:
        super().__init__()
        self.look = spatial_layer(features)
        self.squeeze = hidden_layer(features, max(4, features // 4))
        self.channels = _gate(self.squeeze.weight.shape[0], features)
        self.places = _gate(features, 1)
        self.integer = False

    def largest_sum(self) -> int:
        """Of a feature times both gates, in units of all three grids, with half a unit of the result."""
        return _HIGH * _MOST_GATE**2 + (1 << (2 * _GATE_BITS - 1))

    def forward(self, features: Tensor) -> Tensor:
        seen = self.look(features).clamp_min(0)
        x: Tensor = features * self.channels(self.squeeze(seen)) * self.places(seen)
        unit = 2.0**-FEATURE_BITS
        if self.integer:
            x = straight_through(x, round_half_up(x * 2.0**FEATURE_BITS) * unit)
        return x.clamp(0, _HIGH * unit)


def _gate(inputs: int, outputs: int) -> IntegerConv2d:
    """Open, a 1, to begin with."""
    layer = IntegerConv2d(
        inputs, outputs, in_bits=FEATURE_BITS, in_high=_HIGH, out_bits=_GATE_BITS, out_high=_MOST_GATE, zero=True
    )
    layer.bias.data += 1
    return layer


class ScaleHeads(Heads):
    """Components around one mean, which differ in scale alone."""

    def __init__(self, inputs: int, latents: int, components: int) -> None:
        super().__init__(inputs, latents, components)
        self.mean, self.components = delta_head(inputs, latents, MEAN_BITS), components

    def forward(self, h: Tensor) -> tuple[Tensor, ...]:
        mean, *others = super().forward(h)
        return torch.cat([mean] * self.components, dim=1), *others


class BaoNet(MixtureNet):
    """Scale mixtures of three from features that have been attended to."""

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__(sizes, initial)
        f = sizes.features
        self.heads = nn.Sequential(
            HybridAttention(f), hidden_layer(f, f), ScaleHeads(f, sizes.latents, self.components)
        )


class FuNet(RasterNet):
    """A raster context whose network has two wide layers, and mixtures of three."""

    components = 3
