"""The autoencoder: three layers each way with GDN between them, which start as a linear block transform (KLT).

    picture   conv 9x9 /4 - GDN - conv 5x5 /2 - GDN - conv 5x5 /2   * gain    latents
    (3, H, W)     (N, H/4, W/4)     (N, H/8, W/8)                            (M, H/16, W/16)
    picture   conv 9x9 x4 - IGDN - conv 5x5 x2 - IGDN - conv 5x5 x2  * step   values

Layers of Balle, Laparra and Simoncelli 2017 (arXiv 1611.01704); one network serves all rates by vectors of gains (Cui
et al. 2021, arXiv 2003.02012).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentpress.parts.block_start import block_covariance, start_as_blocks
from latentpress.parts.gdn import Gdn
from latentpress.parts.prior import ChannelPrior
from latentpress.parts.rate_table import RateRange, RateTable
from latentpress.training.schedule import setting
from latentpress.transforms import KltBasis

__all__ = ["FactorisedNet", "Sizes"]

PIXEL_UNIT = 32.0
"""Grey levels that stand for 1 inside the transforms."""


@dataclass(frozen=True, kw_only=True)
class Sizes(RateRange):
    """``channels`` N between the layers; ``latents`` M, each with a probability table. ``margin``: of latents beyond
    which neither transform sees anything, at most 5 + 4 * 2 + 8 * 2 pixels of the analysis.
    """

    margin: ClassVar[int] = 2
    channels: int = setting(128, at_least=48)
    latents: int = setting(240, at_least=1, at_most=255)


class Analysis(nn.Module):
    """Picture in grey levels 0..255 to latents in quantisation steps of the rate (before rounding)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        n = sizes.channels
        self.first, self.norm1 = nn.Conv2d(3, n, 9, stride=4, padding=3), Gdn(n)
        self.second, self.norm2 = nn.Conv2d(n, n, 5, stride=2, padding=2), Gdn(n)
        self.third = nn.Conv2d(n, sizes.latents, 5, stride=2, padding=2)
        self.log_gain = RateTable(sizes.anchors, sizes.latents, -torch.log(sizes.steps() / PIXEL_UNIT))

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        h = self.norm1(self.first((x - 128) * (1 / PIXEL_UNIT)))
        h = self.third(self.norm2(self.second(h)))
        latents: Tensor = h.float() * torch.exp(self.log_gain(mix))
        return latents


class Synthesis(nn.Module):
    """Latents in quantisation steps to the picture in grey levels (not clamped)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        n = sizes.channels
        self.log_step = RateTable(sizes.anchors, sizes.latents, torch.log(sizes.steps() / PIXEL_UNIT))
        self.third = nn.ConvTranspose2d(sizes.latents, n, 5, stride=2, padding=2, output_padding=1)
        self.norm2, self.second = Gdn(n, inverse=True), nn.ConvTranspose2d(n, n, 5, 2, padding=2, output_padding=1)
        self.norm1, self.first = Gdn(n, inverse=True), nn.ConvTranspose2d(n, 3, 9, 4, padding=3, output_padding=1)

    def forward(self, v: Tensor, mix: Tensor) -> Tensor:
        h = self.norm2(self.third(v * torch.exp(self.log_step(mix))))
        h = self.first(self.norm1(self.second(h)))
        pixels: Tensor = h.float() * PIXEL_UNIT + 128
        return pixels


class FactorisedNet(nn.Module):
    """All that is trained. ``basis``: 768 components of blocks to start as; None: a checkpoint replaces all weights."""

    def __init__(self, sizes: Sizes, basis: KltBasis | None) -> None:
        super().__init__()
        self.analysis, self.synthesis = Analysis(sizes), Synthesis(sizes)
        self.prior = ChannelPrior(sizes.latents, sizes.anchors)
        if basis is not None:
            a, s = self.analysis, self.synthesis
            layers = (a.first, a.second, a.third), (s.first, s.second, s.third)
            deviations = torch.from_numpy(start_as_blocks(*layers, block_covariance(basis, PIXEL_UNIT))).float()
            self.prior.start(PIXEL_UNIT * deviations / sizes.steps())
