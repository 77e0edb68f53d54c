"""Two autoencoders, one for the low band of a Haar transform of the picture, one for its bands of detail.

    picture - 2x2 transform - low (3, H/2, W/2)    - conv 5x5 /2 - GDN - conv 5x5 /2 - GDN - conv 5x5 /2 - latents
                            - detail (9, H/2, W/2) - conv 5x5 /2 - GDN - conv 5x5 /2 - GDN - conv 5x5 /2 - latents

The way back is the mirror image, with inverse GDN. ``transform``: ``haar``, or ``phases``, which only sorts the pixels
of 2x2 squares: the same networks without the wavelet.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.block_start import Double, block_covariance, start_as_blocks
from latentpress.parts.gdn_transforms import PIXEL_UNIT, Analysis, Synthesis
from latentpress.parts.prior import ChannelPrior
from latentpress.parts.rate_table import RateRange, RateTable
from latentpress.training.schedule import setting
from latentpress.transforms import KltBasis

__all__ = ["AkyaziNet", "Sizes"]

_LOW, _DETAIL = 3, 9  # planes
_MATRICES = {
    "haar": np.array([[1, 1, 1, 1], [1, -1, 1, -1], [1, 1, -1, -1], [1, -1, -1, 1]]) / 2,
    "phases": np.eye(4),
}


@dataclass(frozen=True, kw_only=True)
class Sizes(RateRange):
    """``transform``: of 2x2 squares. ``channels`` N between the layers of each network; ``latents`` M, of which
    ``low`` are the low band's.
    """

    margin: ClassVar[int] = 2
    transform: str = setting("haar", choices=tuple(_MATRICES))
    channels: int = setting(64, at_least=48)
    latents: int = setting(192, at_least=2, at_most=255)
    low: int = setting(112, at_least=1, at_most=192)


def _kernel(transform: str) -> Tensor:
    """Weights (12, 3, 2, 2) of a strided convolution: the low band of each colour first."""
    squares = torch.from_numpy(_MATRICES[transform]).float().view(4, 1, 2, 2)
    return (squares[:, None] * torch.eye(3)[None, :, :, None, None]).flatten(0, 1)


def _band_covariance(covariance: Double, kernel: Double) -> Double:
    """Covariance of the bands of pixels with a covariance."""
    half = covariance.shape[1] // 2
    squares = covariance.reshape(2 * (3, half, 2, half, 2))
    bands: Double = np.einsum("kcab,cyaxbdvewf,ldef->kyxlvw", kernel, squares, kernel, optimize=True)
    return bands


class Encoder(nn.Module):
    """Picture in grey levels to latents in quantisation steps of the rate."""

    kernel: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.register_buffer("kernel", _kernel(sizes.transform), persistent=False)
        n, low = sizes.channels, sizes.low
        self.low, self.detail = Analysis(_LOW, n, low), Analysis(_DETAIL, n, sizes.latents - low)
        self.log_gain = RateTable(sizes.anchors, sizes.latents, -torch.log(sizes.steps() / PIXEL_UNIT))

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        bands = F.conv2d((x - 128) * (1 / PIXEL_UNIT), self.kernel, stride=2)
        both = torch.cat([self.low(bands[:, :_LOW]), self.detail(bands[:, _LOW:])], dim=1)
        latents: Tensor = both.float() * torch.exp(self.log_gain(mix))
        return latents


class Decoder(nn.Module):
    """Latents in quantisation steps to the picture in grey levels (not clamped)."""

    kernel: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.register_buffer("kernel", _kernel(sizes.transform), persistent=False)
        n, self.split = sizes.channels, sizes.low
        self.low, self.detail = Synthesis(_LOW, n, sizes.low), Synthesis(_DETAIL, n, sizes.latents - sizes.low)
        self.log_step = RateTable(sizes.anchors, sizes.latents, torch.log(sizes.steps() / PIXEL_UNIT))

    def forward(self, v: Tensor, mix: Tensor) -> Tensor:
        v = v * torch.exp(self.log_step(mix))
        bands = torch.cat([self.low(v[:, : self.split]), self.detail(v[:, self.split :])], dim=1)
        pixels: Tensor = F.conv_transpose2d(bands.float(), self.kernel, stride=2) * PIXEL_UNIT + 128
        return pixels


class AkyaziNet(nn.Module):
    """All that is trained. ``basis``: 768 components of blocks to start as; None: a checkpoint replaces all weights."""

    def __init__(self, sizes: Sizes, basis: KltBasis | None) -> None:
        super().__init__()
        self.analysis, self.synthesis = Encoder(sizes), Decoder(sizes)
        self.prior = ChannelPrior(sizes.latents, sizes.anchors)
        if basis is not None:
            kernel = _kernel(sizes.transform).double().numpy()
            bands = _band_covariance(block_covariance(basis, PIXEL_UNIT), kernel)
            deviations = [
                start_as_blocks(a.layers, s.layers, bands[part][..., part, :, :])
                for part, a, s in (
                    (slice(0, _LOW), self.analysis.low, self.synthesis.low),
                    (slice(_LOW, None), self.analysis.detail, self.synthesis.detail),
                )
            ]
            self.prior.start(PIXEL_UNIT * torch.from_numpy(np.concatenate(deviations)).float() / sizes.steps())
