"""The layout of Balle et al. 2018 (arXiv 1802.01436), at any width.

    picture - conv 5x5 /2 - GDN - conv 5x5 /2 - GDN - conv 5x5 /2 - GDN - conv 5x5 /2   * gain    latents y
    |y| - conv 3x3 - ReLU - conv 5x5 /2 - ReLU - conv 5x5 /2                                      hyper latents z
    z - conv 5x5 x2 - ReLU - conv 5x5 x2 - ReLU - conv 3x3                                        scale of each latent

The last line is on the integer path; a transposed convolution of stride 2 is there an ordinary one that gives the four
places of each 2x2 square. One network serves all rates.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.mean_scale.layout import HYPER_LIMIT
from latentpress.codecs.scales import SCALE_BITS
from latentpress.parts.gdn_transforms import Decoder, Encoder, start_as_klt
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d
from latentpress.parts.likelihood import initial_index, scale_index
from latentpress.parts.rate_table import IntegerRateTable, RateRange
from latentpress.training.schedule import setting
from latentpress.transforms import KltBasis

__all__ = ["ScaleNet", "Sizes"]

_LAYERS = 4
_REACH = 2**11  # of an offset of a scale index, in sixteenths


@dataclass(frozen=True, kw_only=True)
class Sizes(RateRange):
    """``channels`` N between the layers and of hyper latents; ``latents`` M. ``margin``: of latents beyond which
    neither transform sees anything, at most 2 + 4 + 8 + 16 pixels of the analysis.
    """

    margin: ClassVar[int] = 2
    passes: ClassVar[int] = 1
    channels: int = setting(64, at_least=48)
    latents: int = setting(192, at_least=1, at_most=255)

    @property
    def hyper_latents(self) -> int:
        """Channels of hyper latents."""
        return self.channels

    @property
    def features(self) -> int:
        """Channels of what the scales are made of."""
        return self.channels


class HyperAnalysis(nn.Module):
    """Latents in steps (B, M, h, w), sides multiples of 4, to hyper latents (B, N, h/4, w/4) before rounding."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        n = sizes.channels
        self.enter = nn.Conv2d(sizes.latents, n, 3, padding=1)
        self.middle, self.head = (nn.Conv2d(n, n, 5, stride=2, padding=2) for _ in range(2))

    def forward(self, y: Tensor) -> Tensor:
        h = F.relu(self.enter(torch.log1p(y.abs())))  # one network for all rates: magnitudes over four decades
        hyper: Tensor = self.head(F.relu(self.middle(h)))
        return hyper


class HyperSynthesis(nn.Module):
    """Hyper latents to features (B, N, h, w), means, all zero, and scale indices. ``initial`` (anchors, M): scale
    indices to begin with.
    """

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__()
        n, m = sizes.channels, sizes.latents
        self.up1 = IntegerConv2d(n, 4 * n, 3, in_bits=0, in_high=HYPER_LIMIT, out_bits=FEATURE_BITS)
        self.up2 = IntegerConv2d(n, 4 * n, 3, in_bits=FEATURE_BITS, in_high=255, out_bits=FEATURE_BITS)
        self.rate_shift = IntegerRateTable(sizes.anchors, n, FEATURE_BITS)
        self.scale = IntegerConv2d(
            n, m, 3, in_bits=FEATURE_BITS, in_high=255, out_bits=SCALE_BITS, out_low=-_REACH, out_high=_REACH, zero=True
        )
        self.scale_offset = IntegerRateTable(sizes.anchors, m, SCALE_BITS, initial)
        self.hyper_scale = IntegerRateTable(sizes.anchors, n, SCALE_BITS, float(scale_index(torch.tensor(0.8))))

    def hyper_index(self, mix: Tensor) -> Tensor:
        """Scale index of each hyper latent channel (B, N, 1, 1)."""
        index: Tensor = self.hyper_scale(mix)
        return index

    def forward(self, z: Tensor, mix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        h = F.pixel_shuffle(self.up2(F.pixel_shuffle(self.up1(z), 2)), 2)
        features = (h + self.rate_shift(mix)).clamp(0, 255 * 2.0**-FEATURE_BITS)
        index = self.scale(features) + self.scale_offset(mix)
        return features, 0 * index, index


class ScaleNet(nn.Module):
    """All that is trained. ``basis``: 768 components of blocks to start as; None: a checkpoint replaces all weights."""

    def __init__(self, sizes: Sizes, basis: KltBasis | None) -> None:
        super().__init__()
        self.config = sizes
        self.analysis, self.synthesis = Encoder(sizes, _LAYERS), Decoder(sizes, _LAYERS)
        deviations = torch.ones(sizes.anchors, sizes.latents)
        if basis is not None:
            deviations = start_as_klt(self.analysis, self.synthesis, sizes, basis)
        self.hyper_analysis = HyperAnalysis(sizes)
        self.hyper_synthesis = HyperSynthesis(sizes, initial_index(deviations))
        self.contexts = nn.ModuleList()
