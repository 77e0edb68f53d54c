"""A restorer that foretells the edges of the original and is guided by them (after Lin 2021), and its critic."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.parts.blocks import zero_
from latentpress.parts.critics import PairCritic
from latentpress.parts.restorers import CONDITIONS, Modulation, derivatives
from latentpress.training.schedule import setting

__all__ = ["EdgeGan", "EdgeGanConfig"]

_FOLD = 2  # pixels a side that become channels at the entrance
_MULTIPLE = 8
_SLOPE = 0.1
_START = 0.3
_UNIT = 1 / 64  # grey levels to network inputs


@dataclass(frozen=True)
class EdgeGanConfig:
    """``channels``, ``blocks``: features at 1/2 resolution and residual blocks of the restorer; ``edge_channels``,
    ``edge_blocks``: of the branch for edges. ``embedding``: size of the vector that the quantisation is described by
    inside. ``critic``: channels of the critic's first layer, a quarter of its last.
    """

    channels: int = setting(32, at_least=1)
    blocks: int = setting(4, at_least=1)
    edge_channels: int = setting(16, at_least=1)
    edge_blocks: int = setting(2, at_least=1)
    embedding: int = setting(32, at_least=1)
    critic: int = setting(16, at_least=4)

    @property
    def multiple(self) -> int:
        """Heights and widths have to be multiples of this."""
        return _MULTIPLE

    @property
    def margin(self) -> int:
        """Pixels around an output pixel that it can depend on, rounded up to the multiple."""
        cells = 2 + 2 * (self.blocks + self.edge_blocks)  # entrance of the branch, exit; two for each block
        return -(-(cells * _FOLD + _FOLD - 1 + 1) // _MULTIPLE) * _MULTIPLE


class _Block(nn.Module):
    """Two convolutions that add to the features, told the quantisation; near the identity at the start."""

    def __init__(self, channels: int, embedding: int) -> None:
        super().__init__()
        self.first = nn.Conv2d(channels, channels, 3, padding=1)
        self.modulation = Modulation(embedding, channels)
        self.second = nn.Conv2d(channels, channels, 3, padding=1)
        for layer in (self.first, self.second):
            nn.init.kaiming_normal_(layer.weight, a=_SLOPE)
        self.second.weight.data.mul_(_START)

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        added: Tensor = self.second(F.leaky_relu(self.modulation(self.first(x), embedded), _SLOPE))
        return x + added


class EdgeGan(nn.Module):
    """Two roads at 1/2 resolution. The branch sees the first derivatives of the JPEG's luma and answers with what those
    of the original have more; its features join those of the picture, from which the correction comes. The package
    holds both; the critic is for training alone.
    """

    inputs = ("condition", "scale")
    """What the network takes beside the pixels."""

    def __init__(self, config: EdgeGanConfig) -> None:
        super().__init__()
        self.config = config
        c, e, n = config.channels, config.edge_channels, config.embedding
        self.embed = nn.Linear(CONDITIONS, n)
        self.first_edges = nn.Conv2d(2 * _FOLD**2, e, 3, padding=1)
        self.edge_blocks = nn.ModuleList(_Block(e, n) for _ in range(config.edge_blocks))
        self.last_edges = nn.Conv2d(e, 2 * _FOLD**2, 1)
        self.first = nn.Conv2d(3 * _FOLD**2, c, 3, padding=1)
        self.join = nn.Conv2d(c + e, c, 1)
        self.blocks = nn.ModuleList(_Block(c, n) for _ in range(config.blocks))
        self.last = nn.Conv2d(c, 3 * _FOLD**2, 3, padding=1)
        for layer in (self.last, self.last_edges):
            zero_(layer)
        self.critic = PairCritic(config.critic)

    def forward(self, pixels: Tensor, condition: Tensor, scale: Tensor) -> Tensor:
        """The correction in grey levels; see `corrections`."""
        return self.answers(pixels, condition, scale)[0]

    def corrections(self, pixels: Tensor, condition: Tensor, scale: Tensor) -> list[Tensor]:
        """The correction to add to the picture, (B, 3, H, W) in grey levels, as a list of one: full resolution.

        ``pixels``: (B, 3, H, W) Y, Cb, Cr minus 128, sides even. ``condition``: (B, CONDITIONS). ``scale``: (B, 3) grey
        levels that stand for 1 in the output.
        """
        return [self.answers(pixels, condition, scale)[0]]

    def answers(self, pixels: Tensor, condition: Tensor, scale: Tensor) -> tuple[Tensor, Tensor]:
        """The correction, and what to add to the `derivatives` of luma, (B, 2, H, W)."""
        embedded = F.leaky_relu(self.embed(condition), _SLOPE)
        edges = self.first_edges(F.pixel_unshuffle(derivatives(pixels[:, :1]) * _UNIT, _FOLD))
        edges = F.leaky_relu(edges, _SLOPE)
        for block in self.edge_blocks:
            edges = block(edges, embedded)
        x = F.leaky_relu(self.first(F.pixel_unshuffle(pixels * _UNIT, _FOLD)), _SLOPE)
        x = F.leaky_relu(self.join(torch.cat([x, edges.to(x.dtype)], 1)), _SLOPE)
        for block in self.blocks:
            x = block(x, embedded)
        correction, more = (
            F.pixel_shuffle(last(features), _FOLD).to(scale.dtype)
            for last, features in ((self.last, x), (self.last_edges, edges))
        )
        return correction * scale[:, :, None, None], more * scale[:, :1, None, None]
