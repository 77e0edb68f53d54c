"""Training of `BaiNet`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

import torch

from latentpress.systems.bai.layout import LATENTS
from latentpress.systems.bai.net import BaiConfig, BaiNet
from latentpress.training.lossless.mixed import MixedTraining
from latentpress.training.system import Graph, Player

__all__ = ["BaiTraining"]


class BaiTraining(MixedTraining):
    """Figures: bits a sample of base and residual, and the base's mean squared error."""

    model_type = BaiConfig
    figures = ("base", "residual", "mse")
    strides: ClassVar[Mapping[str, float]] = {"x": 1, "y": 8, "coarse": 16}

    def network(self, samples: Any) -> BaiNet:
        """New networks."""
        return BaiNet(self.model)

    def players(self, net: Any) -> Sequence[Player]:
        """All parameters; the transforms, which begin as cosines, at a small part of the pace."""
        slow = [*net.analysis.parameters(), *net.synthesis.parameters()]
        others = [*net.prior.parameters(), *net.residual.parameters()]
        groups = {1.0: others, self.schedule.linear_factor: slow}
        return [Player(self.plan.codec, groups, lambda *drawn: self.loss(net, *drawn))]

    def priced(self, net: BaiNet, pixels: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor]:
        """Bits a sample and the weighted error."""
        base, residual, error = net(pixels)
        return base + residual + self.model.distortion * error, torch.stack([base, residual, error])

    def graphs(self, net: Any) -> dict[str, Graph | bytes]:
        """All four networks."""
        picture, latents = torch.zeros(1, 3, 32, 32), torch.zeros(1, LATENTS, 4, 4)
        return {
            "analysis": Graph(net.analysis, {"x": picture}, ["y"]),
            "prior": Graph(net.prior, {"coarse": latents}, ["p"]),
            "synthesis": Graph(net.synthesis, {"y": latents}, ["x"]),
            "residual": Graph(net.residual, {"x": picture}, ["y"]),
        }

    def sizes(self, net: Any) -> dict[str, Any]:
        """Components of all mixtures."""
        return super().sizes(net) | {"prior_components": self.model.prior_components}
