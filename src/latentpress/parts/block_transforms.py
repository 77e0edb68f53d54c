"""Transforms made for CPUs: they work at 1/8 and 1/16 resolution only, and a linear block transform (KLT) stands beside
each of them, so that networks whose last layers are zero already code like a transform coder.

Shapes: a picture is (B, 3, H, W) with H and W multiples of 16, latents are (B, M, H/16, W/16). ``mix`` (B, anchors) are
the interpolation weights of the rate (`latentpress.parts.rate_table`).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.blocks import ResidualStage, patches, zero_
from latentpress.parts.rate_table import RateRange, RateTable
from latentpress.transforms.klt import BLOCK, KltBasis

__all__ = ["Analysis", "Synthesis", "TransformSizes", "placeholder_basis", "random_basis"]

_PIXEL_UNIT = 32.0  # grey levels that stand for 1 inside the transforms


@dataclass(frozen=True, kw_only=True)
class TransformSizes(RateRange):
    """``latents`` M; ``wide`` channels at 1/16 and ``narrow`` channels at 1/8 resolution with ``wide_depth`` and
    ``narrow_depth`` residual blocks of depth-wise ``kernel`` and ``expansion``.
    """

    latents: int = 384
    narrow: int = 128
    wide: int = 256
    narrow_depth: int = 3
    wide_depth: int = 3
    kernel: int = 3
    expansion: int = 2

    @property
    def margin(self) -> int:
        """Latents beyond which neither transform sees anything: one step a spatial layer, half of it at 1/8."""
        reach = self.kernel // 2
        return -(-self.narrow_depth * reach // 2) + self.wide_depth * reach


class Analysis(nn.Module):
    """Picture in grey levels 0..255 to latents in quantisation steps of the rate (before rounding)."""

    head_scale: Tensor

    def __init__(self, config: TransformSizes, basis: KltBasis) -> None:
        super().__init__()
        c = config
        self.mean = basis.mean
        self.linear = nn.Conv2d(3 * BLOCK * BLOCK, c.latents, 1, bias=False)
        self.linear.weight.data.copy_(_PIXEL_UNIT * torch.from_numpy(basis.vectors)[:, :, None, None])
        self.embed = nn.Conv2d(3 * 64, c.narrow, 1)
        self.narrow = _stage(c, c.narrow, c.narrow_depth)
        self.down = nn.Conv2d(4 * c.narrow, c.wide, 1)
        self.wide = _stage(c, c.wide, c.wide_depth)
        self.head = nn.Conv2d(c.wide, c.latents, 1)
        zero_(self.head)
        self.register_buffer("head_scale", _head_scale(basis)[None, :, None, None])
        self.log_gain = RateTable(c.anchors, c.latents, -torch.log(c.steps()))

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        x = (x - self.mean) * (1 / _PIXEL_UNIT)
        with torch.autocast(x.device.type, enabled=False):
            y = patches(x, self.linear, BLOCK)
        h = self.narrow(patches(x, self.embed, 8), mix)
        h = self.head(self.wide(patches(h, self.down, 2), mix))
        latents: Tensor = (y + h.float() * self.head_scale) * torch.exp(self.log_gain(mix))
        return latents


class Synthesis(nn.Module):
    """Latents in quantisation steps to the picture in grey levels (not clamped)."""

    normaliser: Tensor

    def __init__(self, config: TransformSizes, basis: KltBasis) -> None:
        super().__init__()
        c = config
        self.mean = basis.mean
        self.log_step = RateTable(c.anchors, c.latents, torch.log(c.steps()))
        self.linear = nn.Conv2d(c.latents, 3 * BLOCK * BLOCK, 1, bias=False)
        self.linear.weight.data.copy_(torch.from_numpy(basis.vectors.T.copy())[:, :, None, None] / _PIXEL_UNIT)
        self.register_buffer("normaliser", 1 / torch.from_numpy(basis.deviations)[None, :, None, None])
        self.embed = nn.Conv2d(c.latents, c.wide, 1)
        self.wide = _stage(c, c.wide, c.wide_depth)
        self.up = nn.Conv2d(c.wide, 4 * c.narrow, 1)
        self.narrow = _stage(c, c.narrow, c.narrow_depth)
        self.head = nn.Conv2d(c.narrow, 3 * 64, 1)
        zero_(self.head)

    def forward(self, v: Tensor, mix: Tensor) -> Tensor:
        return self.maps(v, mix)[-1]

    def maps(self, v: Tensor, mix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        """What the stages at 1/16 and 1/8 give, and the picture."""
        y = v * torch.exp(self.log_step(mix))
        with torch.autocast(v.device.type, enabled=False):
            linear = F.pixel_shuffle(self.linear(y), BLOCK)
        wide = self.wide(self.embed(y * self.normaliser), mix)
        narrow = self.narrow(F.pixel_shuffle(self.up(wide), 2), mix)
        picture = linear + F.pixel_shuffle(self.head(narrow).float(), 8)
        return wide, narrow, picture * _PIXEL_UNIT + self.mean


def placeholder_basis(latents: int) -> KltBasis:
    """A basis of which only the shapes matter, for a network whose weights come from elsewhere."""
    return KltBasis(np.zeros((latents, 3 * BLOCK**2), np.float32), np.ones(latents, np.float32), 128.0)


def random_basis(latents: int, seed: int) -> KltBasis:
    """Orthonormal directions that know nothing of pictures, with the deviation of a pixel."""
    directions, _ = np.linalg.qr(np.random.default_rng(seed).normal(size=(3 * BLOCK**2, latents)))
    return KltBasis(directions.T.astype(np.float32), np.full(latents, 50.0, np.float32), 128.0)


def _stage(config: TransformSizes, channels: int, depth: int) -> ResidualStage:
    return ResidualStage(channels, depth, anchors=config.anchors, kernel=config.kernel, expansion=config.expansion)


def _head_scale(basis: KltBasis) -> Tensor:
    """Reach of the analysis network's correction of each latent: in proportion to its deviation, within bounds."""
    return (0.25 * torch.from_numpy(basis.deviations)).clamp(2.0, 64.0)
