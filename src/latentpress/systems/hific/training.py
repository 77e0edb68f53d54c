"""Training of `hific`: the codec plays against a critic, and a controller keeps its rate (Mentzer et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.errors import InvalidInputError
from latentpress.parts.critics import critic_loss, fooling_loss, frozen
from latentpress.parts.texture import texture_distance
from latentpress.systems.hific.net import HificNet, HificSizes
from latentpress.training.adversarial import AdversarialTraining
from latentpress.training.basis import starting_basis
from latentpress.training.data import Pictures
from latentpress.training.latent import Outcome
from latentpress.training.mean_scale.training import MeanScaleObjective, MeanScaleTraining
from latentpress.training.plan import Plan
from latentpress.training.schedule import setting
from latentpress.training.system import psnr_of

__all__ = ["HificObjective", "HificTraining"]


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


class HificTraining(AdversarialTraining, MeanScaleTraining):
    """A run may start from a mean-scale hyperprior of the same sizes, of whose rates it takes the lowest. Without a
    critic what is left is a perceptual distance beside rate and error (Liu et al. 2022).
    """

    model_type = HificSizes
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": HificObjective}
    figures: ClassVar[tuple[str, ...]] = ("bpp", "psnr", "texture", "disbelief", "critic")
    critic_factor = 4.0  # it begins with nothing, the codec with trained weights

    def __init__(self, plan: Plan, device: str = "cpu") -> None:
        super().__init__(plan, device)
        if bool(self.model.critic) != bool(self.objective.fooling):
            raise InvalidInputError("recipe: model.critic and objective.fooling go together")
        if not self.model.critic:
            self.figures = self.figures[:-1]  # type: ignore[misc]  # without the second player's

    def network(self, samples: Pictures | None) -> HificNet:
        """A codec that codes like its starting transform, and a critic that knows nothing, if there is one."""
        return HificNet(self.model, starting_basis(self.plan, samples))

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """The codec's loss; figures: bits a pixel, PSNR, texture distance, the critic's disbelief."""
        crops, rates, *noise = drawn
        x, aims = self.pixels(crops), self.objective
        outcome = self.code(net, x, rates, tuple(noise), self._hard)
        disbelief = torch.zeros(())
        if net.critic is not None:
            values = self.shown(x, outcome)
            with frozen(net.critic):
                disbelief = fooling_loss(net.critic(outcome.picture, values))
        bpp, error = outcome.bpp(), outcome.mse(x)
        texture = texture_distance(outcome.picture, x)
        target = self._targets(rates)
        weight = torch.where(bpp.detach() > target, aims.over, aims.under)
        fidelity = aims.error * self.model.lambdas(rates) * error
        total = ((weight * bpp + fidelity) / (2 * target)).mean() + aims.texture * texture.mean()
        total = total + aims.fooling * disbelief
        figures = [bpp.mean(), psnr_of(error.mean()), texture.mean(), disbelief]
        return total, torch.stack([figure.detach() for figure in figures])

    def cost(self, outcome: Outcome, x: Tensor, rates: Tensor) -> Tensor:
        """What weights are chosen by, where no critic is asked: rate over its target, error and texture."""
        aims, target = self.objective, self._targets(rates)
        excess = (outcome.bpp() / target).clamp_min(1)
        error = aims.error * self.model.lambdas(rates) * outcome.mse(x) / (2 * target)
        total: Tensor = (excess + error + aims.texture * texture_distance(outcome.picture, x)).mean()
        return total

    def judged(self, of_originals: Tensor, of_reconstructions: Tensor) -> Tensor:
        """See `AdversarialTraining.judged`; of one critic, logarithmic."""
        return critic_loss(of_originals, of_reconstructions)

    def aims(self) -> dict[int, float]:
        """See `Training.aims`: those of the controller."""
        rates = STEPS_PER_ANCHOR * torch.arange(self.model.anchors)
        return dict(zip(rates.tolist(), self._targets(rates).tolist(), strict=True))

    def _targets(self, rates: Tensor) -> Tensor:
        low, high = self.objective.target_low, self.objective.target_high
        ratio: Tensor = low * (high / low) ** (rates.to(torch.float32) / self.model.last_rate)
        return ratio
