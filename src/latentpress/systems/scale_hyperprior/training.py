"""Training and export of the scale hyperprior."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from torch import Tensor, nn

from latentpress.systems.scale_hyperprior.net import ScaleNet, Sizes
from latentpress.training.basis import starting_basis
from latentpress.training.channelwise import factors
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures
from latentpress.training.latent import LatentTraining
from latentpress.training.mean_scale.training import MeanScaleTraining
from latentpress.training.system import Player
from latentpress.transforms.klt import BLOCK

__all__ = ["ScaleHyperpriorTraining"]


class ScaleHyperpriorTraining(MeanScaleTraining):
    """As the flagship learns, in one pass and with means of zero."""

    model_type = Sizes
    table_pictures: ClassVar[int] = 32
    strides: ClassVar[Mapping[str, float]] = {"x": 1, "latents": 16, "values": 16, "hyper": 64}

    def network(self, samples: Pictures | None) -> ScaleNet:
        """The linear block transform that suits the pictures, with layers around it that learn."""
        basis = None if samples is None else starting_basis(self.plan, samples, 3 * BLOCK**2)
        return ScaleNet(self.model, basis)

    def adopt(self, other: Checkpoint, net: Any) -> dict[str, Tensor]:
        """A network of the same sizes only."""
        return LatentTraining.adopt(self, other, net)

    def players(self, net: nn.Module) -> Sequence[Player]:
        """See `factors`."""
        groups = factors(net, self.schedule.linear_factor)
        return [Player(self.plan.codec, groups, lambda *drawn: self.loss(net, *drawn))]

    def compact(self, net: Any, sample: Pictures) -> None:
        """Weights stay in float16."""
