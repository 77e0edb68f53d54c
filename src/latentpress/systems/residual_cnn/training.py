"""Training of plain stacks."""

from __future__ import annotations

from latentpress.systems.residual_cnn.net import ResidualCnn, ResidualCnnConfig
from latentpress.training.restoration.training import RestorerTraining

__all__ = ["ResidualTraining"]


class ResidualTraining(RestorerTraining):
    """Trains `ResidualCnn`; for L8 as its authors did, with ``edge_weight`` and ``symmetric_start``."""

    model_type, network_type = ResidualCnnConfig, ResidualCnn
