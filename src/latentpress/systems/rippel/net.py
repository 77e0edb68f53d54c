"""The network of `rippel`: features of each scale of a pyramid, brought to one size and added up.

    picture -> /1 -> 16x16 blocks -> stage --+                       +-- stage -> 16x16 blocks -> x1 --+
               /2 ->  8x8  blocks -> stage --+-> joint stage -> codes +-- stage ->  8x8  blocks -> x2 --+-> picture
               /4 ->  4x4  blocks -> stage --+                       +-- stage ->  4x4  blocks -> x4 --+

Beside both ways stands a linear block transform (KLT), so that a codec whose last layers are zero codes like a
transform coder. All stages work at 1/16, where the paper's pyramid has layers at every size.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.blocks import ResidualStage, patches, zero_
from latentpress.parts.critics import MultiscaleCritic
from latentpress.parts.rate_table import RateRange, RateTable
from latentpress.systems.rippel.layout import AIM
from latentpress.training.schedule import setting
from latentpress.transforms.klt import BLOCK, KltBasis

__all__ = ["RippelNet", "RippelSizes"]

_UNIT = 32.0  # grey levels that stand for 1 inside the transforms
_WIDEST = 3.5  # standard deviations that a code can tell


@dataclass(frozen=True, kw_only=True)
class RippelSizes(RateRange):
    """``latents`` at each place; ``features`` of each of the ``scales``, with ``depth`` blocks each way and as many
    where they join. ``critic``: channels of the critics' first layers, of which there are two.
    """

    latents: int = setting(96, at_least=1)
    scales: int = setting(3, at_least=1, at_most=4)
    features: int = setting(64, at_least=4)
    depth: int = setting(2, at_least=1)
    critic: int = setting(24, at_least=4)

    @property
    def margin(self) -> int:
        """Latents beyond which neither transform sees anything: a place for each block."""
        return 2 * self.depth + 1

    def stage(self) -> ResidualStage:
        """Blocks at 1/16."""
        return ResidualStage(self.features, self.depth, anchors=self.anchors, kernel=3, expansion=2)


class Analysis(nn.Module):
    """Picture in grey levels 0..255 to latents in quantisation steps of the rate (before rounding)."""

    def __init__(self, sizes: RippelSizes, basis: KltBasis) -> None:
        super().__init__()
        self.mean = basis.mean
        self.linear = nn.Conv2d(3 * BLOCK**2, sizes.latents, 1, bias=False)
        self.linear.weight.data.copy_(_UNIT * torch.from_numpy(basis.vectors)[:, :, None, None])
        blocks = [BLOCK >> scale for scale in range(sizes.scales)]
        self.embeds = nn.ModuleList(nn.Conv2d(3 * block**2, sizes.features, 1) for block in blocks)
        self.stages = nn.ModuleList(sizes.stage() for _ in blocks)
        for scale in range(1, sizes.scales):
            self.register_buffer(f"mean_{scale}", _squares(scale) / 4**scale, persistent=False)
        self.joint, self.head = sizes.stage(), nn.Conv2d(sizes.features, sizes.latents, 1)
        zero_(self.head)
        self.log_gain = RateTable(sizes.anchors, sizes.latents, -torch.log(_steps(sizes, basis)))

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        x = (x - self.mean) * (1 / _UNIT)
        y = patches(x, self.linear, BLOCK)
        total: Tensor | None = None
        for scale, (embed, stage) in enumerate(zip(self.embeds, self.stages, strict=True)):
            seen = F.conv2d(x, getattr(self, f"mean_{scale}"), stride=1 << scale, groups=3) if scale else x
            h = stage(patches(seen, embed, BLOCK >> scale), mix)  # type: ignore[arg-type]  # a convolution
            total = h if total is None else total + h
        assert total is not None
        h = self.head(self.joint(total, mix)) * _UNIT
        latents: Tensor = (y + h) * torch.exp(self.log_gain(mix))
        return latents


class Synthesis(nn.Module):
    """Latents in quantisation steps to the picture in grey levels (not clamped)."""

    normaliser: Tensor

    def __init__(self, sizes: RippelSizes, basis: KltBasis) -> None:
        super().__init__()
        self.mean = basis.mean
        self.log_step = RateTable(sizes.anchors, sizes.latents, torch.log(_steps(sizes, basis)))
        self.linear = nn.Conv2d(sizes.latents, 3 * BLOCK**2, 1, bias=False)
        self.linear.weight.data.copy_(torch.from_numpy(basis.vectors.T.copy())[:, :, None, None] / _UNIT)
        self.register_buffer("normaliser", 1 / torch.from_numpy(basis.deviations)[None, :, None, None])
        self.embed, self.joint = nn.Conv2d(sizes.latents, sizes.features, 1), sizes.stage()
        blocks = [BLOCK >> scale for scale in range(sizes.scales)]
        self.stages = nn.ModuleList(sizes.stage() for _ in blocks)
        self.heads = nn.ModuleList(nn.Conv2d(sizes.features, 3 * block**2, 1) for block in blocks)
        for head in self.heads:
            zero_(head)  # type: ignore[arg-type]  # a convolution
        for scale in range(1, sizes.scales):
            self.register_buffer(f"square_{scale}", _squares(scale), persistent=False)

    def forward(self, v: Tensor, mix: Tensor) -> Tensor:
        y = v * torch.exp(self.log_step(mix))
        pixels = F.pixel_shuffle(self.linear(y), BLOCK)
        h = self.joint(self.embed(y * self.normaliser), mix)
        for scale, (stage, head) in enumerate(zip(self.stages, self.heads, strict=True)):
            part = F.pixel_shuffle(head(stage(h, mix)), BLOCK >> scale)
            if scale:  # each sample becomes a square
                part = F.conv_transpose2d(part, getattr(self, f"square_{scale}"), stride=1 << scale, groups=3)
            pixels = pixels + part
        return pixels * _UNIT + self.mean


class RippelNet(nn.Module):
    """Codec and critics; the package holds the transforms."""

    def __init__(self, sizes: RippelSizes, basis: KltBasis) -> None:
        super().__init__()
        self.analysis, self.synthesis = Analysis(sizes, basis), Synthesis(sizes, basis)
        self.critic = MultiscaleCritic(sizes.latents, sizes.critic)


def _squares(scale: int) -> Tensor:
    """A kernel for each colour that takes, or gives, the samples of a square alike: every engine has convolutions."""
    return torch.ones(3, 1, 1 << scale, 1 << scale)


def _steps(sizes: RippelSizes, basis: KltBasis) -> Tensor:
    """Steps (anchors, latents) to begin with: those of the rate, but so large that six bits hold a component."""
    return torch.maximum(sizes.steps(), _WIDEST * torch.from_numpy(basis.deviations) / AIM)
