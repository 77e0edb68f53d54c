"""Training of `L3cNet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch

from latentpress.systems.l3c.layout import LEARNED, SCALES
from latentpress.systems.l3c.net import L3cConfig, L3cNet
from latentpress.training.lossless.mixed import MixedTraining
from latentpress.training.system import Graph, Player

__all__ = ["L3cTraining"]


class L3cTraining(MixedTraining):
    """Figures: bits a sample of the picture, and of its forms together."""

    model_type = L3cConfig
    figures = ("pixels", "forms")
    strides: ClassVar[Mapping[str, float]] = {"x": 1} | {
        f"{name}_{s}": 2 << s for s in range(SCALES) for name in ("form", "coarser")
    }

    def network(self, samples: Any) -> L3cNet:
        """New networks."""
        return L3cNet(self.model)

    def players(self, net: Any) -> Sequence[Player]:
        """All parameters; the encoders, through whose rounding no gradient is right, at a small part of the pace."""
        groups = {1.0: list(net.predictors.parameters()), 0.1: list(net.analysis.parameters())}
        return [Player(self.plan.codec, groups, lambda *drawn: self.loss(net, *drawn))]

    def priced(self, net: L3cNet, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Bits a sample, in all and apart."""
        bits = net(pixels)
        return bits.sum(), torch.stack([bits[0], bits[1:].sum()])

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """The encoders together, and each predictor."""
        width = self.model.width
        learned = [f"learned_{s}" for s in range(SCALES - 1)]
        found: dict[str, Graph | bytes] = {"analysis": Graph(net.analysis, {"x": torch.zeros(1, 3, 32, 32)}, learned)}
        for s, predictor in enumerate(net.predictors):
            if s == SCALES - 1:
                inputs = {f"form_{s}": torch.zeros(1, 3, 8, 8)}
            else:
                inputs = {f"form_{s}": torch.zeros(1, 3 + LEARNED, 8, 8), f"coarser_{s}": torch.zeros(1, width, 8, 8)}
            found[f"predictor_{s}"] = Graph(predictor, inputs, ["y", "features", "z"][: 3 if s else 2])
        return found
