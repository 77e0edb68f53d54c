"""The network for the tissue of a scan: one plane, latents at 1/16 and, past them, a skip of finer ones at 1/8.

    scan  - conv 9x9 /4 - GDN - conv 5x5 /2 - stage -+- GDN - conv 5x5 /2 * gain -  latents      } rounded
                                                     +- conv 1x1 * gain - 2x2 -     skip latents } and coded
    clean - conv 9x9 x4 - IGDN - conv 5x5 x2 - IGDN - stage -+- conv 5x5 x2 * step - latents
                                                             +- conv 3x3 * step - 2x2 - skip latents

Skip connections of other autoencoders go around what is stored, which a file does not allow; a quantised one (Guo 2020)
is stored beside it. The skip latents of a 2x2 square are channels of one place, so that one walk codes all.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.block_start import block_covariance, start_as_blocks
from latentpress.parts.blocks import ResidualStage
from latentpress.parts.critics import PairCritic
from latentpress.parts.gdn import Gdn
from latentpress.parts.gdn_transforms import PIXEL_UNIT
from latentpress.parts.prior import ChannelPrior
from latentpress.parts.rate_table import RateRange, RateTable
from latentpress.training.schedule import setting
from latentpress.transforms import KltBasis

__all__ = ["RetinaNet", "Sizes"]

_FAINT = 0.5  # steps, standard deviation of skip latents that say nothing yet


@dataclass(frozen=True, kw_only=True)
class Sizes(RateRange):
    """``channels`` N between the layers, ``depth`` residual blocks in each stage. ``coarse`` latents of each 16x16
    pixels, ``fine`` ones of each 8x8. ``critic``: channels of the critic's first layer.
    """

    channels: int = setting(96, at_least=64)
    depth: int = setting(2, at_least=1)
    coarse: int = setting(96, at_least=1, at_most=223)
    fine: int = setting(4, at_least=1, at_most=8)
    critic: int = setting(16, at_least=4)

    @property
    def latents(self) -> int:
        """Of a place: four of each fine channel."""
        return self.coarse + 4 * self.fine

    @property
    def margin(self) -> int:
        """Latents beyond which neither transform sees anything: 27 pixels, and 8 for each block."""
        return 2 + -(-self.depth // 2)

    def stage(self) -> ResidualStage:
        """Blocks at 1/8."""
        return ResidualStage(self.channels, self.depth, anchors=self.anchors, kernel=3, expansion=2)


class Analysis(nn.Module):
    """Scan in grey levels, three equal planes, to latents in quantisation steps of the rate (before rounding)."""

    grey: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        n = sizes.channels
        self.register_buffer("grey", torch.full((1, 3, 1, 1), 1 / (3 * PIXEL_UNIT)), persistent=False)
        self.first, self.norm1 = nn.Conv2d(1, n, 9, stride=4, padding=3), Gdn(n)
        self.second, self.stage, self.norm2 = nn.Conv2d(n, n, 5, stride=2, padding=2), sizes.stage(), Gdn(n)
        self.third, self.skip = nn.Conv2d(n, sizes.coarse, 5, stride=2, padding=2), nn.Conv2d(n, sizes.fine, 1)
        self.skip.weight.data.mul_(_FAINT)
        self.log_gain = RateTable(sizes.anchors, sizes.latents, -torch.log(sizes.steps() / PIXEL_UNIT))

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        h = self.second(self.norm1(self.first(F.conv2d(x - 128, self.grey))))
        h = self.stage(h, mix)
        latents = torch.cat([self.third(self.norm2(h)), F.pixel_unshuffle(self.skip(h), 2)], dim=1)
        return latents.float() * torch.exp(self.log_gain(mix))


class Synthesis(nn.Module):
    """Latents in quantisation steps to the scan below its speckle, three equal planes in grey levels (not clamped)."""

    planes: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        n, self.coarse = sizes.channels, sizes.coarse
        self.log_step = RateTable(sizes.anchors, sizes.latents, torch.log(sizes.steps() / PIXEL_UNIT))
        self.third = nn.ConvTranspose2d(sizes.coarse, n, 5, 2, padding=2, output_padding=1)
        self.skip = nn.Conv2d(sizes.fine, n, 3, padding=1)
        self.stage, self.norm2 = sizes.stage(), Gdn(n, inverse=True)
        self.second, self.norm1 = nn.ConvTranspose2d(n, n, 5, 2, padding=2, output_padding=1), Gdn(n, inverse=True)
        self.first = nn.ConvTranspose2d(n, 1, 9, 4, padding=3, output_padding=1)
        self.register_buffer("planes", torch.full((3, 1, 1, 1), PIXEL_UNIT), persistent=False)

    def forward(self, v: Tensor, mix: Tensor) -> Tensor:
        v = v * torch.exp(self.log_step(mix))
        h = self.third(v[:, : self.coarse]) + self.skip(F.pixel_shuffle(v[:, self.coarse :], 2))
        h = self.norm2(self.stage(h, mix))
        pixels: Tensor = F.conv2d(self.first(self.norm1(self.second(h))).float(), self.planes) + 128
        return pixels


class RetinaNet(nn.Module):
    """Codec and critic; the package holds the transforms. ``basis``: 768 components of blocks to start as; None: a
    checkpoint replaces all weights.
    """

    def __init__(self, sizes: Sizes, basis: KltBasis | None) -> None:
        super().__init__()
        self.analysis, self.synthesis = Analysis(sizes), Synthesis(sizes)
        self.prior = ChannelPrior(sizes.latents, sizes.anchors)
        self.critic = PairCritic(sizes.critic, planes=1)
        if basis is not None:
            a, s = self.analysis, self.synthesis
            grey = block_covariance(basis, PIXEL_UNIT).mean(axis=(0, 3))[None, :, :, None]
            found = start_as_blocks((a.first, a.second, a.third), (s.first, s.second, s.third), grey)
            coarse = PIXEL_UNIT * torch.from_numpy(found).float().clamp_min(1e-3) / sizes.steps()
            fine = torch.full((sizes.anchors, 4 * sizes.fine), _FAINT)
            self.prior.start(torch.cat([coarse, fine], dim=1))
