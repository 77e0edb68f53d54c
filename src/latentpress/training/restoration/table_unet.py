"""Training of `TableUnet`, whatever it is to restore."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from torch import Tensor, nn

from latentpress.parts.table_unet import TableUnet, TableUnetConfig
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.muon import point_wise
from latentpress.training.restoration.training import RestorerTraining
from latentpress.training.system import Player

__all__ = ["TableUnetTraining"]


class TableUnetTraining(RestorerTraining):
    """Trains `TableUnet`; its 1x1 convolutions are matrices for Muon."""

    model_type, network_type = TableUnetConfig, TableUnet

    def players(self, net: Any) -> Sequence[Player]:
        """One, with its matrices."""
        parameters = {1.0: list(net.parameters())}
        return [Player("restorer", parameters, lambda *drawn: self.loss(net, *drawn), matrices=point_wise(net))]

    def adopt(self, other: Checkpoint, net: nn.Module) -> dict[str, Tensor]:
        """The weights of a run of another system with the same network; see `Training.adopt`."""
        return dict(other.average) if other.recipe.model == self.model else super().adopt(other, net)
