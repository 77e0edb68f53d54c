"""The float building block of transforms made for CPUs: a residual depth-wise block, modulated by the rate."""

from __future__ import annotations

from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.rate_table import RateTable

__all__ = ["ResidualBlock", "ResidualStage", "patches", "zero_"]


def zero_(layer: nn.Conv2d) -> None:
    """Start a layer at zero, so that the branch it ends adds nothing at first."""
    for parameter in layer.parameters():
        nn.init.zeros_(parameter)


def patches(x: Tensor, layer: nn.Conv2d, size: int) -> Tensor:
    """Apply a 1x1 ``layer`` to non-overlapping patches: (B, C, H, W) to (B, out, H / size, W / size).

    The layer takes size * size * C channels in the order of ``pixel_unshuffle``; as a strided convolution it needs no
    shuffle.
    """
    weight = layer.weight.view(layer.out_channels, -1, size, size)
    return F.conv2d(x, weight, layer.bias, stride=size)


class ResidualBlock(nn.Module):
    """Depth-wise convolution, rate modulation, point-wise expansion, leaky rectifier, point-wise projection, skip.

    Layout after Liu et al. 2022 (ConvNeXt, arXiv 2201.03545) without its normalisation: statistics of the whole
    picture would tie tiles together. The depth-wise output is scaled and shifted by vectors of the rate (Perez et al.
    2018, FiLM). Input and output: (B, channels, H, W). The receptive field grows by ``kernel // 2`` on each side.
    """

    def __init__(self, channels: int, *, anchors: int, kernel: int, expansion: int) -> None:
        super().__init__()
        self.spatial = nn.Conv2d(channels, channels, kernel, padding=kernel // 2, groups=channels)
        self.scale = RateTable(anchors, channels, 1.0)
        self.shift = RateTable(anchors, channels, 0.0)
        self.expand = nn.Conv2d(channels, expansion * channels, 1)
        self.project = nn.Conv2d(expansion * channels, channels, 1)
        zero_(self.project)

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        h = self.spatial(x)
        h = h * self.scale(mix).to(h.dtype) + self.shift(mix).to(h.dtype)
        branch: Tensor = self.project(F.leaky_relu(self.expand(h), 0.1))
        return x + branch


class ResidualStage(nn.Module):
    """``depth`` residual blocks at one resolution."""

    def __init__(self, channels: int, depth: int, *, anchors: int, kernel: int, expansion: int) -> None:
        super().__init__()
        self.blocks = nn.ModuleList(
            ResidualBlock(channels, anchors=anchors, kernel=kernel, expansion=expansion) for _ in range(depth)
        )

    def forward(self, x: Tensor, mix: Tensor) -> Tensor:
        for block in self.blocks:
            x = block(x, mix)
        return x
