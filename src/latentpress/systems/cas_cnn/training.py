"""Training of CAS-CNN."""

from __future__ import annotations

from latentpress.systems.cas_cnn.net import CasCnn, CasCnnConfig
from latentpress.training.restoration.training import RestorerTraining

__all__ = ["CasCnnTraining"]


class CasCnnTraining(RestorerTraining):
    """Trains `CasCnn`, with a loss at each of its four resolutions."""

    model_type, network_type = CasCnnConfig, CasCnn
