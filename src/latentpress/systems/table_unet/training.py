"""Training of the U-Net restorer."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from latentpress.systems.table_unet.net import TableUnet, TableUnetConfig
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
