"""Training of `hific`: the codec plays against a critic, and a controller keeps its rate (Mentzer et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from latentpress.parts.critics import critic_loss, fooling_loss, frozen
from latentpress.parts.texture import texture_distance
from latentpress.systems.hific.net import HificNet, HificSizes
from latentpress.training.basis import starting_basis
from latentpress.training.data import Pictures
from latentpress.training.latent import Outcome
from latentpress.training.mean_scale.training import MeanScaleObjective, MeanScaleTraining
from latentpress.training.schedule import setting
from latentpress.training.system import Player, psnr_of

__all__ = ["HificObjective", "HificTraining"]

CRITIC_FACTOR = 4.0  # of the learning rate: the critic begins with nothing, the codec with trained weights


@dataclass(frozen=True)
class HificObjective(MeanScaleObjective):
    """What the codec makes small, each picture's terms in units of the cost at its rate:
    rate * (``over`` above the target, ``under`` below) + lambda * squared error * ``error`` + ``texture`` *
    `texture_distance` + ``fooling`` * the critic's disbelief.

    ``target_low``, ``target_high``: bits a pixel that the controller aims for at the first and the last rate, geometric
    between.
    """

    target_low: float = setting(0.09, at_least=0.0)
    target_high: float = setting(0.36, at_least=0.0)
    over: float = setting(2.0, at_least=0.0)
    under: float = setting(0.5, at_least=0.0)
    error: float = setting(0.5, at_least=0.0)
    texture: float = setting(1.0, at_least=0.0)
    fooling: float = setting(0.15, at_least=0.0)


class HificTraining(MeanScaleTraining):
    """Two players: the codec, and in every step after it the critic. A run may start from a mean-scale hyperprior of
    the same sizes, of whose rates it takes the lowest.
    """

    model_type = HificSizes
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": HificObjective}
    figures: ClassVar[tuple[str, ...]] = ("bpp", "psnr", "texture", "disbelief", "critic")
    recordable: ClassVar[bool] = False  # the critic sees what the codec has just made

    def network(self, samples: Pictures | None) -> HificNet:
        """A codec that codes like its starting transform, and a critic that knows nothing."""
        return HificNet(self.model, starting_basis(self.plan, samples))

    def players(self, net: Any) -> Sequence[Player]:
        """The codec first, whose reconstructions the critic then judges."""
        codec: list[nn.Parameter] = []
        slow: list[nn.Parameter] = []
        for name, parameter in net.named_parameters():
            if not name.startswith("critic."):
                (slow if name in ("analysis.linear.weight", "synthesis.linear.weight") else codec).append(parameter)
        groups = {1.0: codec, self.schedule.linear_factor: slow}
        return [
            Player("codec", groups, lambda *drawn: self.loss(net, *drawn)),
            Player("critic", {CRITIC_FACTOR: list(net.critic.parameters())}, lambda *drawn: self._judge(net)),
        ]

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """The codec's loss; figures: bits a pixel, PSNR, texture distance, the critic's disbelief."""
        crops, rates, *noise = drawn
        x, aims = self.pixels(crops), self.objective
        outcome = self.code(net, x, rates, tuple(noise), self._hard)
        values = outcome.values
        assert values is not None
        # codes of a batch are judged once: a critic's parameters get no gradient from its adversary
        with frozen(net.critic):
            disbelief = fooling_loss(net.critic(outcome.picture, values.detach()))
        bpp, error = outcome.bpp(), outcome.mse(x)
        texture = texture_distance(outcome.picture, x)
        target = self._targets(rates)
        weight = torch.where(bpp.detach() > target, aims.over, aims.under)
        fidelity = aims.error * self.model.lambdas(rates) * error
        total = ((weight * bpp + fidelity) / (2 * target)).mean() + aims.texture * texture.mean()
        total = total + aims.fooling * disbelief
        self._made = x, outcome.picture.detach(), values.detach()
        figures = [bpp.mean(), psnr_of(error.mean()), texture.mean(), disbelief]
        return total, torch.stack([figure.detach() for figure in figures])

    def cost(self, outcome: Outcome, x: Tensor, rates: Tensor) -> Tensor:
        """What weights are chosen by, where no critic is asked: rate over its target, error and texture."""
        aims, target = self.objective, self._targets(rates)
        excess = (outcome.bpp() / target).clamp_min(1)
        error = aims.error * self.model.lambdas(rates) * outcome.mse(x) / (2 * target)
        total: Tensor = (excess + error + aims.texture * texture_distance(outcome.picture, x)).mean()
        return total

    def _judge(self, net: Any) -> tuple[Tensor, Tensor]:
        x, made, values = self._made
        loss = critic_loss(net.critic(x, values), net.critic(made, values))
        return loss, loss.detach()[None]

    def _targets(self, rates: Tensor) -> Tensor:
        low, high = self.objective.target_low, self.objective.target_high
        ratio: Tensor = low * (high / low) ** (rates.to(torch.float32) / self.model.last_rate)
        return ratio
