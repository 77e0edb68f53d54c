"""Training of the network that restores coefficients which the sender left out."""

from __future__ import annotations

from latentpress.restoration.tables import Quantisation
from latentpress.systems.trimmed_jpeg.layout import LEFT_OUT
from latentpress.training.restoration.table_unet import TableUnetTraining

__all__ = ["TrimmedTraining"]


class TrimmedTraining(TableUnetTraining):
    """Trains on JPEGs without their high frequencies; begun with the weights of a restorer it needs few steps."""

    def sent(self, quantisation: Quantisation) -> Quantisation:
        """The tables of what is sent."""
        return quantisation.without(LEFT_OUT)
