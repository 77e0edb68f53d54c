"""Entropy models without networks: `walks.factorised`, `walks.priors`."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.codecs.scales import SCALE_BITS
from latentpress.parts.likelihood import scale_of
from latentpress.parts.prior import ChannelPrior
from latentpress.parts.quantise import round_half_up, straight_through
from latentpress.parts.rate_table import IntegerRateTable, RateTable, mix_for_rates
from latentpress.systems.entropy_models.layout import LIMIT
from latentpress.systems.entropy_models.nets.base import Bits, Counts, EntropyNet, Predicted, Sizes
from latentpress.systems.entropy_models.walks.priors import MAP_LIMIT
from latentpress.training.system import Graph

__all__ = ["FactorisedNet", "PriorsNet"]

_PRIOR, _MAP_PRIOR = 100.0, 20.0  # symbols of a table that its distribution in training counts as
_PRIORS = 2 * MAP_LIMIT


class FactorisedNet(EntropyNet):
    """Mixtures of logistic distributions for each channel and anchor."""

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__(sizes, initial)
        self.prior = ChannelPrior(sizes.latents, sizes.anchors)
        self.prior.start(scale_of(initial) / 0.55)

    def bits(self, symbols: Tensor, mix: Tensor, noise: Tensor | None, hard: bool) -> Bits:
        """See `EntropyNet.bits`."""
        return Bits(self.prior.bits(symbols, mix).sum(dim=(1, 2, 3)), symbols.new_zeros(len(mix)))

    def counts(self) -> Mapping[str, Counts]:
        """See `EntropyNet.counts`."""
        mixes = mix_for_rates(STEPS_PER_ANCHOR * torch.arange(self.sizes.anchors), self.sizes.anchors)
        return {"": Counts("latents", _PRIOR * self.prior.chances(mixes, LIMIT).double().numpy())}


class PriorsNet(EntropyNet):
    """Priors are vectors of scale indices (priors, M), shifted by the rate. Each place learns for the one that suits it
    best, the cost of its name included.
    """

    def __init__(self, sizes: Sizes, initial: Tensor) -> None:
        super().__init__(sizes, initial)
        self.base = IntegerRateTable(sizes.anchors, sizes.latents, SCALE_BITS, initial)
        activity = torch.linspace(-12, 8, _PRIORS)[:, None]
        self.priors = nn.Parameter(activity + 2 * torch.randn(_PRIORS, sizes.latents))
        self.names = RateTable(sizes.anchors, _PRIORS)

    def bits(self, symbols: Tensor, mix: Tensor, noise: Tensor | None, hard: bool) -> Bits:
        """See `EntropyNet.bits`."""
        priors, base = self._rounded(), self.base(mix)
        names = torch.log_softmax(self.names(mix)[:, :, 0], dim=1) / -np.log(2)  # (B, priors, 1)
        with torch.no_grad():
            costs = torch.stack([self._told(symbols, base, one).sum(dim=1) for one in priors], dim=1)
            best = (costs + names[..., None]).argmin(dim=1)
        chosen = priors[best].permute(0, 3, 1, 2)
        side = names[..., 0].gather(1, best.flatten(1)).sum(dim=1)
        index = (base + chosen)[:, None]
        return Bits(Predicted(torch.zeros_like(index), index).bits(symbols).sum(dim=(1, 2, 3)), side)

    def _told(self, symbols: Tensor, base: Tensor, prior: Tensor) -> Tensor:
        index = (base + prior[None, :, None, None])[:, None]
        return Predicted(torch.zeros_like(index), index).bits(symbols)

    def _rounded(self) -> Tensor:
        return straight_through(self.priors, round_half_up(self.priors * 16) / 16)

    def graphs(self) -> Mapping[str, Graph | bytes]:
        """See `EntropyNet.graphs`."""
        mix = torch.zeros(1, self.sizes.anchors)
        return {"base": Graph(self.base, {"mix": mix}, ("index",), ("mix", "index"))}

    def counts(self) -> Mapping[str, Counts]:
        """See `EntropyNet.counts`."""
        chances = torch.softmax(self.names.table.detach(), dim=1).mean(dim=0).double().numpy()
        row = np.pad(_MAP_PRIOR * chances, (0, 1))  # of -32..31, and of 32, which is none
        return {**super().counts(), "map_": Counts("map", np.tile(row, (1, _PRIORS + 1, 1)))}

    def recall(self, tables: Mapping[str, NDArray[Any]]) -> None:
        """See `EntropyNet.recall`."""
        self.priors.data = torch.from_numpy(tables["priors"] * np.float32(1 / 16))

    def arrays(self) -> Mapping[str, NDArray[Any]]:
        """See `EntropyNet.arrays`."""
        return {"priors": np.rint(16 * self._rounded().detach().numpy()).astype(np.int16)}
