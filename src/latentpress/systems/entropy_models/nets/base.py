"""What the networks of all entropy models have in common."""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentpress.codecs.mean_scale.layout import MEAN_BITS
from latentpress.codecs.rates import last_rate
from latentpress.codecs.scales import SCALE_BITS, SCALE_COUNT
from latentpress.parts.integer import IntegerConv2d, delta_head
from latentpress.parts.likelihood import logistic_bits, scale_of
from latentpress.parts.quantise import round_ste
from latentpress.systems.entropy_models.layout import (
    COMPANDED,
    COMPANDED_BITS,
    LIMIT,
    MASS_BITS,
    MASS_REACH,
    MASS_SCALES,
    TABLES,
    table_shape,
)
from latentpress.training.schedule import setting
from latentpress.training.system import Graph

__all__ = [
    "Bits",
    "Counts",
    "EntropyNet",
    "Heads",
    "Predicted",
    "Sizes",
    "companded",
    "predicted",
    "shape_mass",
    "spread",
    "strengthened",
]

_PRIOR = 200.0  # symbols of a table that its trained shape counts as
_SPREAD = 6.0  # steps of the scale grid between the components that a mixture begins with


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """``kind`` of entropy model; ``latents`` M, those that are kept of the package ``transforms``, and ``anchors`` of
    its rates; ``hyper_latents`` Z; ``features`` of the networks; ``reach`` of a two-dimensional context; ``dead_zone``:
    eighths of a step by which mixtures have the edges between whole numbers further away from zero than half way, as
    the quantiser has.
    """

    kind: str
    transforms: str = "factorised-1"
    latents: int = setting(96, at_least=1)
    anchors: int = setting(4, at_least=1)
    hyper_latents: int = setting(32, at_least=1)
    features: int = setting(96, at_least=1)
    reach: int = setting(2, at_least=1)
    dead_zone: int = setting(0, at_least=0, at_most=3)

    @property
    def last_rate(self) -> int:
        """The largest rate index; the smallest is 0."""
        return last_rate(self.anchors)


@dataclass(frozen=True)
class Predicted:
    """Distributions of latents: mean, index (B, components, M, h, w); weight: logarithms to base 2 of shares.
    dead_zone: steps by which the edges between whole numbers lie further away from zero.
    """

    mean: Tensor
    index: Tensor
    weight: Tensor | None = None
    dead_zone: float = 0.0

    def bits(self, symbols: Tensor) -> Tensor:
        """Bits of each of the latents (B, M, h, w)."""
        scale = scale_of(round_ste(self.index).clamp(0, SCALE_COUNT - 1))
        middle, half = symbols + self.dead_zone * torch.sign(symbols), 0.5 + self.dead_zone * (symbols == 0)
        bits = logistic_bits(middle[:, None] - self.mean, scale, half[:, None])
        if self.weight is None:
            return bits[:, 0]
        share = torch.log_softmax(math.log(2) * self.weight, dim=1)
        return torch.logsumexp(share - math.log(2) * bits, dim=1) / -math.log(2)


@dataclass(frozen=True)
class Bits:
    """Of each of a batch (B,): latents, and side information."""

    latents: Tensor
    side: Tensor


@dataclass(frozen=True)
class Counts:
    """Tables to be: weights (1 or anchors, tables, 2 limit + 1) that symbols of a ``name`` are counted into, at each
    anchor or at all together.
    """

    name: str
    weights: NDArray[np.float64]


class EntropyNet(nn.Module, ABC):
    """All of an entropy model that is trained. initial (anchors, M): scale indices to begin with."""

    components: ClassVar[int] = 1
    """Of each latent's distribution."""

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__()
        self.sizes = sizes

    @abstractmethod
    def bits(self, symbols: Tensor, mix: Tensor, noise: Tensor | None, hard: bool) -> Bits:
        """Of whole latents (B, M, h, w), h and w multiples of 4. noise (B, Z, h / 4, w / 4) in [0, 1); hard: side
        information is rounded and no noise is added.
        """

    def penalty(self) -> Tensor | float:
        """What is made small beside the logarithm of the bits."""
        return 0.0

    def graphs(self) -> Mapping[str, Graph | bytes]:
        """Networks of the package."""
        return {}

    def counts(self) -> Mapping[str, Counts]:
        """Tables by the prefix of their names in the package."""
        return {} if self.components > 1 else {"": _latent_counts()}

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """Further arrays of the package."""
        return {"mass": _mass()} if self.components > 1 else {}

    def recall(self, tables: Mapping[str, NDArray[Any]]) -> None:
        """Take the parameters that only tables of a package tell."""


class Heads(nn.Module):
    """Features (B, inputs, h, w) to what they add to means and scale indices: (B, components * M, h, w) each, and
    weights if there is more than one component.
    """

    def __init__(self, inputs: int, latents: int, components: int) -> None:
        super().__init__()
        self.mean = delta_head(inputs, components * latents, MEAN_BITS)
        self.index = delta_head(inputs, components * latents, SCALE_BITS)
        self.weight = delta_head(inputs, components * latents, 4, limit=63) if components > 1 else None
        self.index.bias.data += spread(components).repeat_interleave(latents)

    def forward(self, h: Tensor) -> tuple[Tensor, ...]:
        pair = self.mean(h), self.index(h)
        return pair if self.weight is None else (*pair, self.weight(h))


def spread(components: int) -> Tensor:
    """What is added to the scale indices of components, so that they begin as different ones."""
    return torch.linspace(-_SPREAD, _SPREAD, components) if components > 1 else torch.zeros(1)


def predicted(outputs: Sequence[Tensor], mean: Tensor, index: Tensor, sizes: Sizes) -> Predicted:
    """Outputs of `Heads` on top of a mean and index (B, M, h, w)."""
    apart = [value.reshape(len(value), -1, *mean.shape[1:]) for value in outputs]
    weight = apart[2] if len(apart) > 2 else None
    return Predicted(mean[:, None] + apart[0], index[:, None] + apart[1], weight, sizes.dead_zone / 8)


def strengthened(module: nn.Module) -> None:
    """Let convolutions begin with twice the usual weights, so that rectified activations keep their size through the
    layers of a network that is trained for minutes.
    """
    for layer in module.modules():
        if isinstance(layer, nn.Conv2d | IntegerConv2d):
            layer.weight.data *= 2


def companded(symbols: Tensor) -> Tensor:
    """See `layout.companded`."""
    table = torch.from_numpy(COMPANDED.astype(np.float32)).to(symbols.device) * 2.0**-COMPANDED_BITS
    return table[symbols.abs().long()] * torch.sign(symbols)


def _latent_counts() -> Counts:
    """Of the tables that `LogisticCoder` takes."""
    weights = [_PRIOR * shape_mass(2 * LIMIT, *table_shape(table)) for table in range(TABLES)]
    return Counts("latents", np.stack(weights)[None])


def shape_mass(limit: int, index: float, mean: float = 0.0) -> NDArray[np.float64]:
    """Mass of whole numbers from -limit on under a logistic distribution."""
    numbers = torch.arange(-limit, limit + 1, dtype=torch.float64)
    mass: NDArray[np.float64] = torch.exp2(
        -logistic_bits(numbers - mean, scale_of(torch.tensor(float(index), dtype=torch.float64)))
    ).numpy()
    return mass


def _mass() -> NDArray[np.uint32]:
    """What `MixtureCoder` takes: mass below so many eighths of a step above the mean, for each scale."""
    scale = scale_of(torch.arange(MASS_SCALES, dtype=torch.float64))[:, None]
    mass = torch.sigmoid(torch.arange(8 * MASS_REACH + 1, dtype=torch.float64) / (8 * scale)).numpy()
    whole: NDArray[np.uint32] = np.rint(mass * (1 << MASS_BITS)).astype(np.uint32)
    return whole
