"""Training and export of the factorised-prior autoencoder."""

from __future__ import annotations

from latentpress.systems.factorised.net import FactorisedNet, Sizes
from latentpress.training.basis import starting_basis
from latentpress.training.channelwise import ChannelwiseTraining
from latentpress.training.data import Pictures
from latentpress.transforms.klt import BLOCK

__all__ = ["FactorisedTraining"]


class FactorisedTraining(ChannelwiseTraining):
    """See `ChannelwiseTraining`."""

    model_type = Sizes

    def network(self, samples: Pictures | None) -> FactorisedNet:
        """The linear block transform that suits the pictures, with layers around it that learn."""
        basis = None if samples is None else starting_basis(self.plan, samples, 3 * BLOCK**2)
        return FactorisedNet(self.model, basis)
