"""The networks of the bank and of the contexts, and the bank in torch, for training."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.zerotrees import LEVELS
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, hidden_layer
from latentpress.parts.lifting import joined, split
from latentpress.systems.filter_bank.layout import AHEAD, BEHIND, CENTRE, LOGIT_BITS, SIGHT
from latentpress.systems.filter_bank.seeing import FEATURES
from latentpress.training.schedule import setting

__all__ = ["FilterBankNet", "Significance", "Sizes"]


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """``channels``: of the networks of the bank. ``hidden``: of that of the contexts."""

    channels: int = setting(24, at_least=1)
    hidden: int = setting(32, at_least=1)


class Significance(nn.Module):
    """Features (1, `FEATURES`, n, 1) of coefficients to logits (1, 1, n, 1), on the integer path."""

    def __init__(self, hidden: int = 32) -> None:
        super().__init__()
        last = IntegerConv2d(
            hidden, 1, in_bits=FEATURE_BITS, in_high=255, out_bits=LOGIT_BITS, out_low=-CENTRE, out_high=CENTRE - 1,
            zero=True,
        )  # fmt: skip
        self.layers = nn.Sequential(hidden_layer(FEATURES, hidden), hidden_layer(hidden, hidden), last)

    def forward(self, features: Tensor) -> Tensor:
        logits: Tensor = self.layers(features)
        return logits


class FilterBankNet(nn.Module):
    """All three networks. Those of the bank have no biases: twice the contrast, twice the answer; they start at zero,
    which is the 9/7 wavelet.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.luma, self.chroma = _foreteller(6, sizes.channels, 3), _foreteller(9, sizes.channels, 6)
        self.contexts = Significance(sizes.hidden)

    def forward(self, planes: Tensor) -> list[Tensor]:
        """Bands of planes (B, 3, H, W): of each level, from the finest on, the details (B, 9, h, w), then the coarse
        planes (B, 3, h, w).
        """
        bands = []
        for _ in range(LEVELS):
            planes, detail = split(planes)
            known = _slopes(planes)
            foretold = self.luma(known), self.chroma(torch.cat([known, _wide(detail[:, :3], SIGHT, SIGHT)], 1))
            bands.append(detail - torch.cat(foretold, 1))
        return [*bands, planes]

    def inverse(self, bands: list[Tensor]) -> Tensor:
        """Planes of bands."""
        planes = bands[-1]
        for detail in reversed(bands[:-1]):
            known = _slopes(planes)
            luma = detail[:, :3] + self.luma(known)
            chroma = detail[:, 3:] + self.chroma(torch.cat([known, _wide(luma, SIGHT, SIGHT)], 1))
            planes = joined(planes, torch.cat([luma, chroma], 1))
        return planes


def _foreteller(known: int, channels: int, details: int) -> nn.Sequential:
    last = nn.Conv2d(channels, details, 3, bias=False)
    nn.init.zeros_(last.weight)
    first, middle = nn.Conv2d(known, channels, 3, bias=False), nn.Conv2d(channels, channels, 3, bias=False)
    return nn.Sequential(first, nn.ReLU(), middle, nn.ReLU(), last)


def _wide(planes: Tensor, behind: int, ahead: int) -> Tensor:
    return F.pad(planes, (behind, ahead, behind, ahead), mode="replicate")


def _slopes(low: Tensor) -> Tensor:
    """See `bank`."""
    wide = _wide(low, BEHIND, AHEAD)
    here = wide[:, :, :-1, :-1]
    return torch.cat([wide[:, :, 1:, :-1] - here, wide[:, :, :-1, 1:] - here], 1)
