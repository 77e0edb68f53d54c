"""Training of the network for scans: what is below the speckle, at a rate, against a critic (Guo et al. 2020)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, ClassVar

import torch
from torch import Tensor

from latentpress.parts.critics import critic_loss, fooling_loss
from latentpress.parts.speckle import NUMBERS, speckled
from latentpress.systems.retina.net import RetinaNet, Sizes
from latentpress.training.adversarial import AdversarialTraining
from latentpress.training.basis import starting_basis
from latentpress.training.channelwise import ChannelwiseTraining
from latentpress.training.data import Pictures
from latentpress.training.latent import Noise, Objective, Outcome
from latentpress.training.schedule import setting
from latentpress.training.system import Arrays, Player
from latentpress.transforms.klt import BLOCK

__all__ = ["RetinaTraining"]


@dataclass(frozen=True)
class RetinaObjective(Objective):
    """Rate and distortion, and from ``fooling_from`` of the steps on ``fooling`` * what the critic says against the
    codec; before, the critic learns.
    """

    distortion: str = setting("both", choices=("mse", "ms-ssim", "both"))
    fooling: float = setting(0.02, at_least=0.0)
    fooling_from: float = setting(0.7, at_least=0.0)


class RetinaTraining(ChannelwiseTraining, AdversarialTraining):
    """Pictures are scans without speckle. The codec sees them with it and has to give them back without."""

    model_type: ClassVar[type[Any]] = Sizes
    sections: ClassVar[Mapping[str, type[Any]]] = {"objective": RetinaObjective}
    figures: ClassVar[tuple[str, ...]] = ("bpp", "psnr", "disbelief", "critic")
    counted: ClassVar[str] = "scans"
    upright: ClassVar[bool] = True  # tissue lies across

    def network(self, samples: Pictures | None) -> RetinaNet:
        """A codec that codes like the linear transform of the scans, and a critic that knows nothing."""
        return RetinaNet(self.model, None if samples is None else starting_basis(self.plan, samples, 3 * BLOCK**2))

    def players(self, net: Any) -> Sequence[Player]:
        """The codec first, whose scans the critic then judges."""
        return [*super().players(net), *self.critics(net)]

    def enter(self, net: Any, step: int) -> bool:
        """Whether the critic counts, beside what `LatentTraining.enter` does."""
        super().enter(net, step)
        self._fools = bool(step >= self.objective.fooling_from * self.schedule.steps)
        return self._fools

    def noises(self) -> Sequence[tuple[int, int]]:
        """Of the latents; what speckle is made of; how strong it is, a number for each crop."""
        return [*super().noises(), (NUMBERS, 1), (1, self.schedule.crop)]

    def pixels(self, drawn: Tensor) -> Tensor:
        """One plane (B, 1, H, W)."""
        return super().pixels(drawn).mean(dim=1, keepdim=True)

    def code(self, net: Any, x: Tensor, rates: Tensor, noise: Noise, hard: bool) -> Outcome:
        """See `LatentTraining.code`; ``x``: without speckle. What is judged is judged beside what was seen."""
        told = (noise[1], noise[2].sqrt()) if noise else ()
        seen = speckled(x.mean(dim=1, keepdim=True), *told)
        outcome = super().code(net, seen.expand(-1, 3, -1, -1), rates, noise, hard)
        return replace(outcome, picture=outcome.picture[:, :1], values=seen)

    @property
    def fooling(self) -> float:
        """Nothing at first."""
        return super().fooling * self._fools

    def disbelief(self, of_reconstructions: Any) -> Tensor:
        """The logarithmic loss, as for the critic itself."""
        return fooling_loss(of_reconstructions)

    def judged(self, of_originals: Any, of_reconstructions: Any) -> Tensor:
        """See `disbelief`."""
        return critic_loss(of_originals, of_reconstructions)

    def tables(self, net: Any, model: Any, sample: Pictures) -> Arrays:
        """See `ChannelwiseTraining.tables`: counted in scans with speckle."""
        clean = (torch.from_numpy(picture.mean(axis=2)).float()[None, None] for picture in sample)
        seen = [speckled(one)[0, 0, :, :, None].byte().numpy() for one in clean]
        return super().tables(net, model, seen)
