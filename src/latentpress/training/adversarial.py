"""`AdversarialTraining`: what codecs learn by that play against critics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import torch
from torch import Tensor, nn

from latentpress.parts.critics import frozen, square_critic_loss, square_fooling_loss
from latentpress.training.latent import LatentTraining, Outcome
from latentpress.training.system import Player, psnr_of

__all__ = ["AdversarialTraining"]


class AdversarialTraining(LatentTraining):
    """Two players: the codec, and in every step after it the network's ``critic``, if it is not None, which judges what
    the codec has just made (`shown`). The package holds the codec alone.
    """

    recordable: ClassVar[bool] = False  # the critic sees what the codec has just made
    critic_factor: ClassVar[float] = 1.0
    """Of the learning rate, for the critic."""

    def players(self, net: Any) -> Sequence[Player]:
        """The codec first; its linear block transforms learn with a smaller step."""
        codec: list[nn.Parameter] = []
        slow: list[nn.Parameter] = []
        for name, parameter in net.named_parameters():
            if not name.startswith("critic."):
                (slow if name in ("analysis.linear.weight", "synthesis.linear.weight") else codec).append(parameter)
        groups = {1.0: codec, self.schedule.linear_factor: slow}
        return [Player("codec", groups, lambda *drawn: self.loss(net, *drawn)), *self.critics(net)]

    def critics(self, net: Any) -> Sequence[Player]:
        """The critic, if there is one."""
        if net.critic is None:
            return []
        critic = {self.critic_factor: list(net.critic.parameters())}
        return [Player("critic", critic, lambda *drawn: self._judge(net))]

    def shown(self, x: Tensor, outcome: Outcome) -> Tensor:
        """Keep a batch and what became of it for the critic; returns the values as it is told them."""
        assert outcome.values is not None
        self._made = x, outcome.picture.detach(), outcome.values.detach()
        return self._made[2]

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """The codec's: `cost`, and `fooling` * the critic's `disbelief`. Figures: bits a pixel, PSNR, disbelief."""
        crops, rates, *noise = drawn
        x = self.pixels(crops)
        outcome = self.code(net, x, rates, tuple(noise), self._hard)
        told = self.shown(x, outcome)
        with frozen(net.critic):
            disbelief = self.disbelief(net.critic(outcome.picture, told))
        total = self.cost(outcome, x, rates) + self.fooling * disbelief
        figures = [outcome.bpp().mean(), psnr_of(outcome.mse(x).mean()), disbelief]
        return total, torch.stack([figure.detach() for figure in figures])

    @property
    def fooling(self) -> float:
        """What disbelief counts now. Default: the objective's ``fooling``."""
        weight: float = self.objective.fooling
        return weight

    def disbelief(self, of_reconstructions: Any) -> Tensor:
        """What the critic says against the codec. Default: of a `MultiscaleCritic`."""
        return square_fooling_loss(of_reconstructions)

    def judged(self, of_originals: Any, of_reconstructions: Any) -> Tensor:
        """The critic's loss, from what it says. Default: that of a `MultiscaleCritic`."""
        return square_critic_loss(of_originals, of_reconstructions)

    def _judge(self, net: Any) -> tuple[Tensor, Tensor]:
        x, made, values = self._made
        loss = self.judged(net.critic(x, values), net.critic(made, values))
        return loss, loss.detach()[None]
