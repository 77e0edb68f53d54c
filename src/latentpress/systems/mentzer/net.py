"""Transforms at 1/8 of the side, the importance map, and the levels.

The map is a small network's view of the latents' magnitudes: where they are small in steps of the rate, the last
channels, which stand for the finest detail, are not worth a code.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.centres import Centres
from latentpress.parts.context_prior import ContextPrior
from latentpress.parts.gdn_transforms import Decoder, Encoder, start_as_klt
from latentpress.parts.rate_table import RateRange
from latentpress.systems.mentzer.layout import IMPORTANCES, LIMIT
from latentpress.training.schedule import setting
from latentpress.transforms import KltBasis

__all__ = ["MentzerNet", "Sizes"]

_LAYERS = 3
_HIDDEN = 32


@dataclass(frozen=True, kw_only=True)
class Sizes(RateRange):
    """``channels`` N between the layers, ``latents`` M of each place of 8x8 pixels."""

    margin: ClassVar[int] = 4
    channels: int = setting(64, at_least=48)
    latents: int = setting(64, at_least=16, at_most=192, multiple_of=16)


class MappingEncoder(Encoder):
    """Picture in grey levels to latents in steps of the rate (B, M, h, w), and importances 0..16 (B, 1, h, w)."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes, _LAYERS)
        self.enter = nn.Conv2d(sizes.latents, _HIDDEN, 1)
        self.spatial = nn.Conv2d(_HIDDEN, _HIDDEN, 3, padding=1)
        self.head = nn.Conv2d(_HIDDEN, 1, 1)
        nn.init.zeros_(self.head.weight)
        nn.init.constant_(self.head.bias, 2.0)  # type: ignore[arg-type]  # nearly all channels at first

    def forward(self, x: Tensor, mix: Tensor) -> tuple[Tensor, Tensor]:  # type: ignore[override]  # the map too
        y = super().forward(x, mix)
        h = F.leaky_relu(self.enter(torch.log1p(y.abs())), 0.1)
        h = F.leaky_relu(self.spatial(h), 0.1)
        return y, IMPORTANCES * torch.sigmoid(self.head(h))


class MentzerNet(nn.Module):
    """All that is trained. ``basis``: all components of blocks to start as; None: a checkpoint replaces all weights."""

    def __init__(self, sizes: Sizes, basis: KltBasis | None) -> None:
        super().__init__()
        self.analysis, self.synthesis = MappingEncoder(sizes), Decoder(sizes, _LAYERS)
        self.centres = Centres(2 * LIMIT + 1, LIMIT, sharpness=4.0)
        self.prior = ContextPrior(sizes.latents, sizes.anchors)
        if basis is not None:
            start_as_klt(self.analysis, self.synthesis, sizes, basis)
