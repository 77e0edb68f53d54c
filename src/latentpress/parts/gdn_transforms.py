"""Strided convolutions with GDN between them, and their mirror image, for any number of planes and layers.

    planes - conv 5x5 /2 - GDN - conv 5x5 /2 - GDN - ... - conv 5x5 /2 - latents

Layers of Balle, Laparra and Simoncelli 2017 (arXiv 1611.01704) but for the first one's stride, and of Balle et al. 2018
(arXiv 1802.01436). `parts.block_start` lets them begin as a linear block transform. `Encoder` and `Decoder` are those
of pictures at a variable rate, by vectors of gains (Cui et al. 2021, arXiv 2003.02012).
"""

from __future__ import annotations

from typing import Protocol

import torch
from torch import Tensor, nn

from latentpress.parts.block_start import block_covariance, start_as_blocks
from latentpress.parts.gdn import Gdn
from latentpress.parts.rate_table import RateTable
from latentpress.transforms import KltBasis

__all__ = ["PIXEL_UNIT", "Analysis", "Decoder", "Encoder", "GdnSizes", "Synthesis", "start_as_klt"]

PIXEL_UNIT = 32.0
"""Grey levels that stand for 1 inside the transforms."""


class GdnSizes(Protocol):
    """What the transforms of pictures need to know."""

    @property
    def channels(self) -> int:
        """N, between the layers."""

    @property
    def latents(self) -> int:
        """M, of each place."""

    @property
    def anchors(self) -> int:
        """Of the rate."""

    def steps(self) -> Tensor:
        """Steps to begin with, (anchors, 1)."""


class Analysis(nn.Module):
    """Planes (B, planes, H, W) to latents (B, latents, H / 2^layers, W / 2^layers)."""

    def __init__(self, planes: int, n: int, latents: int, layers: int = 3) -> None:
        super().__init__()
        self.first = nn.Conv2d(planes, n, 5, stride=2, padding=2)
        widths = [n] * (layers - 2) + [latents]
        self.rest = nn.ModuleList(nn.Conv2d(n, width, 5, stride=2, padding=2) for width in widths)
        self.norms = nn.ModuleList(Gdn(n) for _ in widths)

    @property
    def layers(self) -> list[nn.Conv2d]:
        """From the pixels on."""
        return [self.first, *self.rest]

    def forward(self, x: Tensor) -> Tensor:
        x = self.first(x)
        for norm, layer in zip(self.norms, self.rest, strict=True):
            x = layer(norm(x))
        return x


class Synthesis(nn.Module):
    """The mirror image; ``first`` is next to the pixels."""

    def __init__(self, planes: int, n: int, latents: int, layers: int = 3) -> None:
        super().__init__()
        self.first = nn.ConvTranspose2d(n, planes, 5, stride=2, padding=2, output_padding=1)
        widths = [n] * (layers - 2) + [latents]
        self.rest = nn.ModuleList(nn.ConvTranspose2d(width, n, 5, 2, padding=2, output_padding=1) for width in widths)
        self.norms = nn.ModuleList(Gdn(n, inverse=True) for _ in widths)

    @property
    def layers(self) -> list[nn.ConvTranspose2d]:
        """From the pixels on."""
        return [self.first, *self.rest]

    def forward(self, v: Tensor) -> Tensor:
        for norm, layer in zip(reversed(self.norms), reversed(self.rest), strict=True):
            v = norm(layer(v))
        planes: Tensor = self.first(v)
        return planes


class Encoder(nn.Module):
    """Pictures in grey levels 0..255 to latents in quantisation steps of the rate (before rounding)."""

    def __init__(self, sizes: GdnSizes, layers: int) -> None:
        super().__init__()
        self.transform = Analysis(3, sizes.channels, sizes.latents, layers)
        self.log_gain = RateTable(sizes.anchors, sizes.latents, -torch.log(sizes.steps() / PIXEL_UNIT))

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        latents: Tensor = self.transform((x - 128) * (1 / PIXEL_UNIT)).float() * torch.exp(self.log_gain(mix))
        return latents


class Decoder(nn.Module):
    """Latents in quantisation steps of the rate to pictures in grey levels (not clamped)."""

    def __init__(self, sizes: GdnSizes, layers: int) -> None:
        super().__init__()
        self.transform = Synthesis(3, sizes.channels, sizes.latents, layers)
        self.log_step = RateTable(sizes.anchors, sizes.latents, torch.log(sizes.steps() / PIXEL_UNIT))

    def forward(self, v: Tensor, mix: Tensor) -> Tensor:
        pixels: Tensor = self.transform(v * torch.exp(self.log_step(mix))).float() * PIXEL_UNIT + 128
        return pixels


def start_as_klt(encoder: Encoder, decoder: Decoder, sizes: GdnSizes, basis: KltBasis) -> Tensor:
    """Let both begin as the block transform that a basis of all 768 components makes; returns the standard deviations
    of the latents at each anchor (anchors, latents), in steps.
    """
    covariance = block_covariance(basis, PIXEL_UNIT)
    deviations = start_as_blocks(encoder.transform.layers, decoder.transform.layers, covariance)
    return PIXEL_UNIT * torch.from_numpy(deviations).float() / sizes.steps()
