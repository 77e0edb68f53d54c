"""Hyperpriors, without and with a context: `walks.hyper`, `walks.raster`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.mean_scale.layout import HYPER_LIMIT, MEAN_BITS
from latentpress.codecs.scales import SCALE_COUNT
from latentpress.parts.integer import FEATURE_BITS, IntegerConv2d, hidden_layer
from latentpress.parts.likelihood import logistic_bits, scale_of
from latentpress.parts.mean_scale import HyperAnalysis, HyperSynthesis
from latentpress.parts.quantise import round_half_up, round_ste, straight_through
from latentpress.parts.rates import noisy_bits, two_road_bits
from latentpress.systems.entropy_models.layout import COMPANDED, COMPANDED_BITS, LIMIT, neighbours_2d
from latentpress.systems.entropy_models.nets.base import (
    Bits,
    Counts,
    EntropyNet,
    Heads,
    Predicted,
    Sizes,
    companded,
    predicted,
    shape_mass,
    strengthened,
)
from latentpress.training.system import Graph

__all__ = ["Context", "HyperNet", "MixtureNet", "RasterNet"]

_HYPER_PRIOR = 20.0
_LOUD = 4.0  # how much larger hyper latents begin: those that noise drowns never learn to say anything
_TOLD, _FINE = 3, 1.2  # averages that hyper latents begin with, and how many steps the logistic scale of one is
_SPARSITY = 3e-5  # of the loss for each unit of a sparse normalisation's weights


class MeansAnalysis(HyperAnalysis):
    """With a linear part, so that hyper latents can follow averages of latents at every rate."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__(sizes, signed=True)
        self.linear = nn.Conv2d(sizes.latents, sizes.hyper_latents, 4, stride=4, bias=False)

    def forward(self, y: Tensor) -> Tensor:
        hyper: Tensor = super().forward(y) + self.linear(y)
        return hyper


class MeansSynthesis(HyperSynthesis):
    """With a linear part of the means: hyper latents spread over their 4x4 latents and what lies around these."""

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__(sizes, initial)
        limit = LIMIT << MEAN_BITS
        self.linear = IntegerConv2d(
            sizes.hyper_latents, 16 * sizes.latents, 3, in_bits=0, in_high=HYPER_LIMIT, out_bits=MEAN_BITS,
            out_low=-limit, out_high=limit, max_exponent=8, zero=True,
        )  # fmt: skip

    def forward(self, z: Tensor, mix: Tensor) -> tuple[Tensor, Tensor, Tensor]:
        features, mean, index = super().forward(z, mix)
        return features, mean + F.pixel_shuffle(self.linear(z), 4), index


def _networks(sizes: Sizes, initial: Tensor, signed: bool, linear: bool) -> tuple[HyperAnalysis, HyperSynthesis]:
    """The hyper networks as they begin: with ``linear`` parts the first hyper latents as averages over 4x4 places of
    the channels that vary most, and the means as these.
    """
    analysis = MeansAnalysis(sizes) if linear else HyperAnalysis(sizes, signed=signed)
    synthesis = MeansSynthesis(sizes, initial) if linear else HyperSynthesis(sizes, initial)
    strengthened(synthesis)
    strengthened(analysis)
    analysis.head.weight.data *= _LOUD
    if isinstance(analysis, MeansAnalysis) and isinstance(synthesis, MeansSynthesis):
        scale = scale_of(initial[0])
        analysis.linear.weight.data.zero_()
        for hyper, channel in enumerate(scale.argsort(descending=True)[:_TOLD].tolist()):
            gain = _FINE / float(scale[channel])
            analysis.head.weight.data[hyper] = 0
            analysis.linear.weight.data[hyper, channel] = gain / 16
            synthesis.linear.weight.data[16 * channel : 16 * (channel + 1), hyper, 1, 1] = 1 / gain
    return analysis, synthesis


class HyperNet(EntropyNet):
    """Scales, of the kind ``scale``; otherwise means and scales, from hyper latents that see the latents' signs."""

    sequential: ClassVar[bool] = False
    """Whether latents that are decoded tell means: then hyper latents that follow averages only repeat them."""

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__(sizes, initial)
        self.means = sizes.kind != "scale"
        self.hyper_analysis, self.hyper_synthesis = _networks(
            sizes, initial, self.means, linear=self.means and not self.sequential
        )

    def bits(self, symbols: Tensor, mix: Tensor, noise: Tensor | None, hard: bool) -> Bits:
        """See `EntropyNet.bits`."""
        real = self.hyper_analysis(symbols)
        whole = round_ste(real).clamp(-HYPER_LIMIT, HYPER_LIMIT)
        scale = self.hyper_synthesis.hyper_index(mix)
        side = two_road_bits(real, whole, round_ste(scale), noise) if hard else noisy_bits(real, scale, noise)
        features, mean, index = self.hyper_synthesis(whole, mix)
        told = self.predicted(symbols, features, mean if self.means else torch.zeros_like(mean), index)
        return Bits(told.bits(symbols).sum(dim=(1, 2, 3)), side.sum(dim=(1, 2, 3)))

    def predicted(self, symbols: Tensor, features: Tensor, mean: Tensor, index: Tensor) -> Predicted:
        """Distributions of latents."""
        return Predicted(mean[:, None], index[:, None])

    def graphs(self) -> Mapping[str, Graph | bytes]:
        """See `EntropyNet.graphs`."""
        c = self.sizes
        hyper, mix = torch.zeros(1, c.hyper_latents, 2, 2), torch.zeros(1, c.anchors)
        return {
            "hyper_analysis": Graph(self.hyper_analysis, {"latents": torch.zeros(1, c.latents, 8, 8)}, ("hyper",)),
            "hyper_synthesis": Graph(self.hyper_synthesis, {"hyper": hyper, "mix": mix}, ("features", "mean", "index")),
        }

    def recall(self, tables: Mapping[str, NDArray[Any]]) -> None:
        """See `EntropyNet.recall`: scales of hyper latents are those whose distributions are nearest to the tables."""
        numbers = torch.arange(-HYPER_LIMIT, HYPER_LIMIT + 1)
        scales = torch.arange(0, SCALE_COUNT, 1 / 4)
        bits = logistic_bits(numbers, scale_of(scales[:, None])).numpy()
        found, ends = [], np.cumsum(2 * tables["hyper_radius"].astype(np.intp) + 2)  # the last of a table escapes
        for radius, counts in zip(tables["hyper_radius"], np.split(tables["hyper_counts"], ends), strict=False):
            told = bits[:, HYPER_LIMIT - radius : HYPER_LIMIT + radius + 1]
            found.append(scales[(told @ counts[:-1]).argmin()])
        table = self.hyper_synthesis.hyper_scale.table
        table.data = torch.stack(found).reshape(table.shape)

    def counts(self) -> Mapping[str, Counts]:
        """See `EntropyNet.counts`."""
        table = self.hyper_synthesis.hyper_scale
        index = (table.integer_table() * 2.0**-table.bits).double().numpy()
        rows = np.stack([[shape_mass(HYPER_LIMIT, one) for one in anchor] for anchor in index])
        return {**super().counts(), "hyper_": Counts("hyper latents", _HYPER_PRIOR * rows)}


class MixtureNet(HyperNet):
    """With mixtures of three."""

    components = 3

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__(sizes, initial)
        self.heads: nn.Module = Heads(sizes.features, sizes.latents, self.components)

    def predicted(self, symbols: Tensor, features: Tensor, mean: Tensor, index: Tensor) -> Predicted:
        """See `HyperNet.predicted`."""
        return predicted(self.heads(features), mean, index, self.sizes)

    def graphs(self) -> Mapping[str, Graph | bytes]:
        """See `EntropyNet.graphs`."""
        features = {"features": torch.zeros(1, self.sizes.features, 8, 8)}
        return {**super().graphs(), "heads": Graph(self.heads, features, ("mean", "index", "weight"))}


class SparseGdn(nn.Module):
    """Divisive normalisation between few channels, y_i = x_i / max(1, b_i + sum_j g_ij |x_j|), in whole numbers; zeros
    among the g are learned for. After Klopp et al. 2018.

    Numerators are below 2^13 and denominators 32..1023 in units of the grid, so the quotient lies at least 1/2046 from
    where its rounding changes, or on it and is exact: a division of any engine is good enough.
    """

    def __init__(self, channels: int) -> None:
        super().__init__()
        self.pool = IntegerConv2d(
            channels, channels, in_bits=FEATURE_BITS, in_high=255, out_bits=FEATURE_BITS, out_low=32, out_high=1023
        )
        self.integer = False

    def forward(self, x: Tensor) -> Tensor:
        y = x / self.pool(x.abs())
        unit = 2.0**-FEATURE_BITS
        return straight_through(y, round_half_up(y / unit) * unit) if self.integer else y


class Context(nn.Module):
    """What the places before one in a window add to the hyper latents' word. On the integer path; point-wise.

    features (B, F, h, w); around (B, 2 * M * K, h, w): K companded latents a channel, then the same as they are, from
    which the mean has a linear part that follows them at every rate. With ``components`` of a mixture there is a wider
    layer before the heads.
    """

    def __init__(self, sizes: Sizes, components: int = 1) -> None:
        super().__init__()
        m, f = sizes.latents, sizes.features
        self.seen = m * len(neighbours_2d(sizes.reach))
        gdn = sizes.kind == "klopp"
        self.enter = IntegerConv2d(
            self.seen, f, in_bits=COMPANDED_BITS, in_high=int(COMPANDED.max()), out_bits=FEATURE_BITS,
            out_low=-255 if gdn else 0,
        )  # fmt: skip
        self.divide = SparseGdn(f) if gdn else nn.Identity()
        self.wide = hidden_layer(2 * f, 4 * f) if components > 1 else nn.Identity()
        self.trunk = hidden_layer((4 if components > 1 else 2) * f, 2 * f)
        self.heads, self.components = Heads(2 * f, m, components), components
        limit = LIMIT << MEAN_BITS
        self.predict = IntegerConv2d(
            self.seen, m, groups=m, in_bits=0, in_high=LIMIT, out_bits=MEAN_BITS, out_low=-limit, out_high=limit,
            max_exponent=8, zero=True,
        )  # fmt: skip

    def forward(self, features: Tensor, around: Tensor) -> tuple[Tensor, ...]:
        h = self.divide(self.enter(around[:, : self.seen]))
        mean, *others = self.heads(self.trunk(self.wide(torch.cat([features, h], dim=1))))
        return mean + torch.cat([self.predict(around[:, self.seen :])] * self.components, dim=1), *others


class RasterNet(HyperNet):
    """With a context in a window of two dimensions."""

    sequential = True

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__(sizes, initial)
        self.context = Context(sizes, self.components)

    def predicted(self, symbols: Tensor, features: Tensor, mean: Tensor, index: Tensor) -> Predicted:
        """See `HyperNet.predicted`."""
        around = torch.cat([self._around(companded(symbols)), self._around(symbols)], dim=1)
        return predicted(self.context(features, around), mean, index, self.sizes)

    def penalty(self) -> Tensor | float:
        """See `EntropyNet.penalty`: what makes the normalisation sparse."""
        divide = self.context.divide
        return _SPARSITY * divide.pool.weight.abs().sum() if isinstance(divide, SparseGdn) else 0.0

    def _around(self, values: Tensor) -> Tensor:
        """(B, M * K, h, w): what lies before each place in its window, channel by channel."""
        reach, (_, _, height, width) = self.sizes.reach, values.shape
        windows = F.unfold(values, 2 * reach + 1, padding=reach).reshape(*values.shape[:2], -1, height, width)
        return windows[:, :, : len(neighbours_2d(reach))].flatten(1, 2)

    def graphs(self) -> Mapping[str, Graph | bytes]:
        """See `EntropyNet.graphs`."""
        features, around = torch.zeros(1, self.sizes.features, 8, 8), torch.zeros(1, 2 * self.context.seen, 8, 8)
        names = ("mean", "index", "weight") if self.components > 1 else ("mean", "index")
        return {
            **super().graphs(),
            "context": Graph(self.context, {"features": features, "around": around}, names),
        }
