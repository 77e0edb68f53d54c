"""Training of `EdgeGan`: a restorer that foretells edges, and the critic that it plays against."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import torch
from torch import Tensor

from latentpress.parts.critics import critic_loss, fooling_loss, frozen
from latentpress.parts.restorers import derivatives
from latentpress.systems.edge_gan.net import EdgeGan, EdgeGanConfig
from latentpress.training.restoration.objective import rgb_of
from latentpress.training.restoration.training import FLOOR, RestorationSchedule, RestorerTraining
from latentpress.training.schedule import setting
from latentpress.training.system import Player

__all__ = ["EdgeGanTraining"]


@dataclass(frozen=True)
class _Schedule(RestorationSchedule):
    """``edges``: weight of what the branch misses of the original's edges, as a share of what the JPEG does.
    ``fooling``: weight of the critic's disbelief, from ``fooling_from`` of the steps on; before, the critic learns.
    """

    edges: float = setting(0.3, at_least=0)
    fooling: float = setting(0.02, at_least=0)
    fooling_from: float = setting(0.3, at_least=0)


class EdgeGanTraining(RestorerTraining):
    """Two players: the restorer, and in every step after it the critic."""

    model_type, network_type, schedule_type = EdgeGanConfig, EdgeGan, _Schedule
    figures: ClassVar[tuple[str, ...]] = ("psnr", "gain", "edges", "disbelief", "critic")

    def players(self, net: Any) -> Sequence[Player]:
        """The restorer first, whose pictures the critic then judges."""
        own = [parameter for name, parameter in net.named_parameters() if not name.startswith("critic.")]
        return [
            Player("restorer", {1.0: own}, lambda *drawn: self.loss(net, *drawn)),
            Player("critic", {1.0: list(net.critic.parameters())}, lambda *drawn: self._judge(net)),
        ]

    def enter(self, net: Any, step: int) -> bool:
        """Whether the critic counts."""
        super().enter(net, step)
        self._fools = bool(step >= self.schedule.fooling_from * self.schedule.steps)
        return self._fools

    def loss(self, net: Any, *drawn: Tensor) -> tuple[Tensor, Tensor]:
        """The error that is left, as of all restorers, and what the branch and the critic add."""
        jpeg, wanted, told = self.prepared(*drawn)
        with torch.autocast(wanted.device.type, torch.bfloat16, enabled=self.schedule.mixed_precision):
            correction, more = net.answers(jpeg, *told)
        total, figures = self.error([correction.float()], wanted)
        missed = derivatives(wanted[:, :1])
        left = (more.float() - missed).square().mean(dim=(1, 2, 3))
        edges = (left / (missed.square().mean(dim=(1, 2, 3)) + FLOOR)).mean()
        self._seen = [(rgb_of(jpeg + c) + 128).detach() for c in (0, wanted)]
        made = rgb_of(jpeg + correction.float()) + 128
        with frozen(net.critic):
            disbelief = fooling_loss(net.critic(made, self._seen[0]))
        self._seen.append(made.detach())
        total = total + self.schedule.edges * edges + self.schedule.fooling * self._fools * disbelief
        return total, torch.cat([figures, torch.stack([edges.detach(), disbelief.detach()])])

    def _judge(self, net: Any) -> tuple[Tensor, Tensor]:
        jpeg, original, made = self._seen
        loss = critic_loss(net.critic(original, jpeg), net.critic(made, jpeg))
        return loss, loss.detach()[None]
