"""Training of the dual-domain restorer."""

from __future__ import annotations

from latentpress.systems.idcn.net import Idcn, IdcnConfig
from latentpress.training.restoration.training import RestorerTraining

__all__ = ["IdcnTraining"]


class IdcnTraining(RestorerTraining):
    """Trains `Idcn`."""

    model_type, network_type = IdcnConfig, Idcn
