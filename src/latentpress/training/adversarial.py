"""`AdversarialTraining`: what codecs learn by that play against critics."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from latentpress.parts.critics import square_critic_loss
from latentpress.training.latent import LatentTraining, Outcome
from latentpress.training.system import Player

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
        players = [Player("codec", groups, lambda *drawn: self.loss(net, *drawn))]
        if net.critic is not None:
            critic = {self.critic_factor: list(net.critic.parameters())}
            players.append(Player("critic", critic, lambda *drawn: self._judge(net)))
        return players

    def shown(self, x: Tensor, outcome: Outcome) -> Tensor:
        """Keep a batch and what became of it for the critic; returns the values as it is told them."""
        assert outcome.values is not None
        self._made = x, outcome.picture.detach(), outcome.values.detach()
        return self._made[2]

    def judged(self, of_originals: Any, of_reconstructions: Any) -> Tensor:
        """The critic's loss, from what it says. Default: that of a `MultiscaleCritic`."""
        return square_critic_loss(of_originals, of_reconstructions)

    def _judge(self, net: Any) -> tuple[Tensor, Tensor]:
        x, made, values = self._made
        loss = self.judged(net.critic(x, values), net.critic(made, values))
        return loss, loss.detach()[None]
