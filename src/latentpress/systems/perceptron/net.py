"""The perceptron: all pixels of a block to a few hidden units, and back.

    block (3, 8, 8) - linear - tanh - hidden units (M) * gain -> coded -> * step - linear - block

One hidden layer, as Cottrell, Munro and Zipser had it (1988), for all three colours at once. It starts as the linear
transform of principal components that such a network is known to find (Baldi and Hornik 1989), with the units where the
sigmoid is nearly linear.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn

from latentpress.parts.block_start import block_covariance, start_as_blocks
from latentpress.parts.prior import ChannelPrior
from latentpress.parts.rate_table import RateRange, RateTable
from latentpress.systems.perceptron.layout import BLOCK
from latentpress.training.schedule import setting
from latentpress.transforms import KltBasis

__all__ = ["PerceptronNet", "Sizes"]

_UNIT = 64.0  # grey levels that stand for 1
_WIDTH = 5.0  # standard deviations of a unit's input from its middle to where its sigmoid is at 0.76


@dataclass(frozen=True, kw_only=True)
class Sizes(RateRange):
    """``latents``: hidden units of a block."""

    margin: ClassVar[int] = 0
    latents: int = setting(96, at_least=28, at_most=192)


class Inner(nn.Module):
    """Picture in grey levels to hidden units in quantisation steps of the rate."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.layer = nn.Conv2d(3, sizes.latents, BLOCK, stride=BLOCK)
        self.log_gain = RateTable(sizes.anchors, sizes.latents)

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        units: Tensor = torch.tanh(self.layer((x - 128) * (1 / _UNIT)).float()) * torch.exp(self.log_gain(mix))
        return units


class Outer(nn.Module):
    """Units in quantisation steps to the picture in grey levels (not clamped)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.layer = nn.ConvTranspose2d(sizes.latents, 3, BLOCK, stride=BLOCK)
        self.log_step = RateTable(sizes.anchors, sizes.latents)

    def forward(self, v: Tensor, mix: Tensor) -> Tensor:
        pixels: Tensor = self.layer(v * torch.exp(self.log_step(mix))).float() * _UNIT + 128
        return pixels


class PerceptronNet(nn.Module):
    """All that is trained. ``basis``: all components of blocks to start as; None: a checkpoint replaces all weights."""

    def __init__(self, sizes: Sizes, basis: KltBasis | None) -> None:
        super().__init__()
        self.analysis, self.synthesis = Inner(sizes), Outer(sizes)
        self.prior = ChannelPrior(sizes.latents, sizes.anchors)
        if basis is not None:
            layers = [self.analysis.layer], [self.synthesis.layer]
            deviations = (
                torch.from_numpy(start_as_blocks(*layers, block_covariance(basis, _UNIT))).float().clamp_min(1e-4)
            )
            steps = sizes.steps() / _UNIT
            width = _WIDTH * deviations
            with torch.no_grad():
                self.analysis.layer.weight /= width[:, None, None, None]
                self.synthesis.layer.weight *= width[:, None, None, None]
                self.analysis.log_gain.table.copy_(torch.log(width / steps))
                self.synthesis.log_step.table.copy_(torch.log(steps / width))
            self.prior.start(deviations / steps)
