"""Masked three-dimensional networks: `walks.cube`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.mean_scale.layout import MEAN_BITS
from latentpress.codecs.scales import SCALE_BITS
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d
from latentpress.parts.quantise import round_half_up, straight_through
from latentpress.parts.rate_table import IntegerRateTable
from latentpress.systems.entropy_models.layout import COMPANDED, COMPANDED_BITS, PREDICT_BITS
from latentpress.systems.entropy_models.masks import MASKS, Offsets
from latentpress.systems.entropy_models.nets.base import (
    Bits,
    EntropyNet,
    Predicted,
    Sizes,
    companded,
    spread,
    strengthened,
)
from latentpress.training.system import Graph

__all__ = ["CcnNet", "ChannelPredictor", "CubeNet", "MaskedConv3d"]

_HIGH = 255 * 2.0**-FEATURE_BITS


class MaskedConv3d(IntegerConv2d):
    """Integer convolution over channels, rows and columns that sees some offsets; frozen it is point-wise, and takes
    what it sees as inputs: offset by offset within each feature.
    """

    def __init__(
        self,
        inputs: int,
        outputs: int,
        offsets: Offsets,
        *,
        in_bits: int = FEATURE_BITS,
        in_high: int = 255,
        **more: Any,
    ) -> None:
        settings = {"in_bits": in_bits, "in_high": in_high, "out_bits": FEATURE_BITS} | more
        super().__init__(inputs * len(offsets), outputs, **settings)
        self.offsets = offsets

    def convolved(self, x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
        """(B, inputs, M, h, w) to (B, outputs, M, h, w): a planar convolution of neighbouring channels side by side."""
        batch, inputs, m = x.shape[:3]
        first, last = (end(c for c, _, _ in self.offsets) for end in (min, max))
        reach, depth = max(abs(row) for _, row, _ in self.offsets), last - first + 1
        kernel = weight.new_zeros(len(weight), depth, inputs, 2 * reach + 1, 2 * reach + 1)
        c, row, column = torch.tensor(self.offsets).T + torch.tensor([-first, reach, reach])[:, None]
        kernel[:, c, :, row, column] = weight.view(len(weight), inputs, -1).permute(2, 0, 1)
        planes = F.pad(x.transpose(1, 2), (0, 0, 0, 0, 0, 0, -first, last))  # (B, M + padding, inputs, h, w)
        near = torch.cat([planes[:, shift : shift + m] for shift in range(depth)], dim=2)
        sums = F.conv2d(near.flatten(0, 1), kernel.flatten(1, 2), bias, padding=reach)
        return sums.reshape(batch, m, *sums.shape[1:]).transpose(1, 2)


class ChannelPredictor(nn.Module):
    """A linear part of the mean that follows it at every rate: weights for each channel of what stands before a place
    in the same channel. Whole numbers of whole numbers, which the walk sums itself.
    """

    def __init__(self, latents: int, offsets: Offsets) -> None:
        super().__init__()
        self.offsets = [(row, column) for _, row, column in offsets]
        self.weight = nn.Parameter(torch.zeros(latents, len(offsets)))
        self.integer = False

    def whole(self) -> Tensor:
        """Weights in units of 2^-PREDICT_BITS, (M, offsets)."""
        return round_half_up(self.weight * 2.0**PREDICT_BITS).clamp(-(2**PREDICT_BITS), 2**PREDICT_BITS)

    def forward(self, symbols: Tensor) -> Tensor:
        """Latents (B, M, h, w) to parts of their means."""
        weight = straight_through(self.weight, self.whole() * 2.0**-PREDICT_BITS) if self.integer else self.weight
        reach = max(abs(step) for offset in self.offsets for step in offset)
        kernel = weight.new_zeros(len(weight), 1, 2 * reach + 1, 2 * reach + 1)
        row, column = torch.tensor(self.offsets).T + reach
        kernel[:, 0, row, column] = weight
        mean = F.conv2d(symbols, kernel, padding=reach, groups=len(weight))
        unit = 2.0**-MEAN_BITS
        return straight_through(mean, round_half_up(mean / unit) * unit) if self.integer else mean


class CubeNet(EntropyNet):
    """Two layers, a skip past two more, and heads, the same for all channels; what sets channels apart is a bias for
    each of the first layer, by the rate.
    """

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__(sizes, initial)
        mask, f = MASKS[sizes.kind], sizes.features
        self.base = IntegerRateTable(sizes.anchors, sizes.latents, SCALE_BITS, initial)
        self.bias = IntegerRateTable(sizes.anchors, f * sizes.latents, FEATURE_BITS)
        self.first = MaskedConv3d(
            2, f, mask.first, in_bits=COMPANDED_BITS, in_high=int(COMPANDED.max()), out_low=-255
        )  # fmt: skip
        self.middle = MaskedConv3d(f, f, mask.hidden)
        self.last = MaskedConv3d(f, f, mask.hidden, out_low=-255)
        ends = {"mean": (MEAN_BITS, 4096), "index": (SCALE_BITS, 4096), "weight": (4, 63)}
        self.names = tuple(ends)[: 3 if self.components > 1 else 2]
        self.heads = nn.ModuleDict({
            name: MaskedConv3d(
                f, self.components, mask.hidden, out_bits=bits, out_low=-most, out_high=most, zero=True
            )
            for name, (bits, most) in ends.items() if name in self.names
        })  # fmt: skip
        self.predict = ChannelPredictor(sizes.latents, mask.own)
        strengthened(self)
        self.heads["index"].get_parameter("bias").data += spread(self.components)

    def bits(self, symbols: Tensor, mix: Tensor, noise: Tensor | None, hard: bool) -> Bits:
        """See `EntropyNet.bits`."""
        seen = companded(symbols)
        bias = self.bias(mix).unflatten(1, (-1, symbols.shape[1]))
        h = _Entering(self)(torch.stack([seen, seen.abs()], dim=1), bias)
        told = _Heads(self)(_Leaving(self)(self.middle(h), h))
        mean, index = told[0] + self.predict(symbols)[:, None], told[1] + self.base(mix)[:, None]
        weight = told[2] if self.components > 1 else None
        bits = Predicted(mean, index, weight, self.sizes.dead_zone / 8).bits(symbols)
        return Bits(bits.sum(dim=(1, 2, 3)), symbols.new_zeros(len(mix)))

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """See `EntropyNet.arrays`."""
        return {**super().arrays(), "predict": self.predict.whole().detach().numpy().astype(np.int16)}

    def recall(self, tables: Mapping[str, NDArray[Any]]) -> None:
        """See `EntropyNet.recall`."""
        self.predict.weight.data = torch.from_numpy(tables["predict"] * np.float32(2.0**-PREDICT_BITS))

    def graphs(self) -> Mapping[str, Graph | bytes]:
        """See `EntropyNet.graphs`."""
        c, mask = self.sizes, MASKS[self.sizes.kind]
        near, place = (torch.zeros(1, c.features * n, 8, 8) for n in (len(mask.hidden), 1))
        return {
            "base": Graph(_Base(self), {"mix": torch.zeros(1, c.anchors)}, ("index", "bias"), ("mix", "index", "bias")),
            "layer_0": Graph(
                _Entering(self), {"near": torch.zeros(1, 2 * len(mask.first), 8, 8), "bias": place}, ("features",)
            ),
            "layer_1": Graph(self.middle, {"near": near}, ("features",)),
            "layer_2": Graph(_Leaving(self), {"near": near, "skip": place}, ("features",)),
            "layer_3": Graph(_Heads(self), {"near": near}, self.names),
        }


class CcnNet(CubeNet):
    """With mixtures of three."""

    components = 3


class _Part(nn.Module):
    """A layer of the network as a graph of its own."""

    def __init__(self, net: CubeNet) -> None:
        super().__init__()
        self.net = net


class _Base(_Part):
    def forward(self, mix: Tensor) -> tuple[Tensor, Tensor]:
        return self.net.base(mix), self.net.bias(mix)


class _Entering(_Part):
    def forward(self, near: Tensor, bias: Tensor) -> Tensor:
        h: Tensor = self.net.first(near) + bias.clamp(-_HIGH, _HIGH)
        return h.clamp(0, _HIGH)


class _Leaving(_Part):
    def forward(self, near: Tensor, skip: Tensor) -> Tensor:
        h: Tensor = self.net.last(near) + skip
        return h.clamp(0, _HIGH)


class _Heads(_Part):
    def forward(self, near: Tensor) -> tuple[Tensor, ...]:
        return tuple(self.net.heads[name](near) for name in self.net.names)
