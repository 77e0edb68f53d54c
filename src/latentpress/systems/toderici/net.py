"""The recurrent network: an encoder of what is still wrong, binary codes, a decoder that adds to the picture.

All works on blocks of 16x16 pixels, (B, 768, h, w) grey levels less 128. Encoder and decoder are a linear block
transform, the shortcut, beside a recurrent cell that begins with no say: the first step of a training run is a
progressive transform coder, bit plane by bit plane.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.embedded import plane_steps
from latentpress.parts.binary import pair_bits, pair_values
from latentpress.parts.blocks import zero_
from latentpress.parts.recurrent import ConvGru
from latentpress.training.schedule import setting
from latentpress.transforms.klt import KltBasis

__all__ = ["RecurrentNet", "Sizes"]

_PIXELS = 768


@dataclass(frozen=True)
class Sizes:
    """``layers`` of a file, ``channels`` of a block, each with a pair of codes a layer, ``hidden`` channels of the
    recurrent cells.
    """

    layers: int = setting(12, at_least=1, at_most=16)
    channels: int = setting(192, at_least=2, at_most=_PIXELS)
    hidden: int = setting(96, at_least=1)


class _Side(nn.Module):
    """What encoder and decoder share: a cell, and what a layer adds to its input. A layer is a row (1, layers), one in
    its place and zero elsewhere.
    """

    steps: Tensor

    def __init__(self, sizes: Sizes, outputs: int) -> None:
        super().__init__()
        self.reduce = nn.Conv2d(sizes.channels, sizes.hidden, 1)
        self.layer = nn.Parameter(torch.zeros(sizes.layers, sizes.hidden))
        self.cell = ConvGru(sizes.hidden, sizes.hidden)
        self.head = nn.Conv2d(sizes.hidden, outputs, 1)
        zero_(self.head)
        self.register_buffer("steps", torch.ones(sizes.layers, sizes.channels))

    def remember(self, x: Tensor, state: Tensor, layer: Tensor) -> Tensor:
        """The next state."""
        after: Tensor = self.cell(self.reduce(x) + _row(layer, self.layer), state)
        return after


class Encoder(_Side):
    """Residual (B, 768, h, w), state and layer to the scores of each channel's pair of codes, significance and sign,
    and the next state.
    """

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes, 2 * sizes.channels)
        self.analysis = nn.Conv2d(_PIXELS, sizes.channels, 1, bias=False)
        self.threshold = nn.Parameter(torch.full((sizes.layers, sizes.channels), 0.7))

    def forward(self, residual: Tensor, state: Tensor, layer: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        step = _row(layer, self.steps)
        value = self.analysis(residual) / step.clamp_min(1) * step.clamp_max(1)
        state = self.remember(value.clamp(-4, 4), state, layer)
        more, dead = self.head(state).chunk(2, dim=1)
        value = value + more
        return value.abs() - _row(layer, self.threshold) - dead, value, state


class Decoder(_Side):
    """Values -1, 0, 1 (B, channels, h, w), the picture so far (B, 768, h, w), state and layer to picture and state."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes, _PIXELS)
        self.synthesis = nn.Conv2d(sizes.channels, _PIXELS, 1, bias=False)
        self.look = nn.Conv2d(_PIXELS, sizes.channels, 1)
        self.gain = nn.Parameter(torch.full((sizes.layers, sizes.channels), 0.97))
        zero_(self.look)

    def forward(self, values: Tensor, picture: Tensor, state: Tensor, layer: Tensor) -> tuple[Tensor, Tensor]:
        steps = _row(layer, self.steps)
        step = steps.amax(dim=1, keepdim=True)
        state = self.remember(values + self.look(picture / step), state, layer)
        added = self.synthesis(values * steps * _row(layer, self.gain)) + self.head(state) * (step / 16)
        return picture + added, state


class RecurrentNet(nn.Module):
    """Encoder and decoder, and how a batch goes through them. ``basis``: of the block transforms at the start."""

    def __init__(self, sizes: Sizes, basis: KltBasis | None) -> None:
        super().__init__()
        self.sizes = sizes
        self.encoder, self.decoder = Encoder(sizes), Decoder(sizes)
        if basis is not None:
            vectors = torch.from_numpy(np.ascontiguousarray(basis.vectors))[:, :, None, None]
            self.encoder.analysis.weight.data.copy_(vectors)
            self.decoder.synthesis.weight.data.copy_(vectors.transpose(0, 1))
            steps = torch.from_numpy(plane_steps(sizes.layers, basis.deviations))
            self.encoder.steps.copy_(steps)
            self.decoder.steps.copy_(steps)

    def forward(self, x: Tensor, noise: torch.Generator | None = None) -> list[tuple[Tensor, Tensor]]:
        """For each layer, from blocks (B, 768, h, w): the picture after it, and its estimated bits (B,). ``noise``: for
        stochastic codes.
        """
        picture = torch.zeros_like(x)
        after = coded = x.new_zeros(x.shape[0], self.sizes.hidden, *x.shape[2:])
        found = []
        for number in range(self.sizes.layers):
            layer = F.one_hot(torch.tensor([number]), self.sizes.layers).to(x)
            significance, sign, coded = self.encoder(x - picture, coded, layer)
            active = (_row(layer, self.encoder.steps) > 0).to(x)
            draws = None if noise is None else torch.rand(significance.shape, generator=noise)
            values = active * pair_values(significance, sign, draws)
            picture, after = self.decoder(values, picture, after, layer)
            found.append((picture, pair_bits(significance, active)))
        return found


def _row(layer: Tensor, table: Tensor) -> Tensor:
    """The row (1, n, 1, 1) of a table (layers, n) for a layer."""
    return (layer @ table)[:, :, None, None]
