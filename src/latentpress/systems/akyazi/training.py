"""Training and export of the autoencoders on sub-bands."""

from __future__ import annotations

from latentpress.systems.akyazi.net import AkyaziNet, Sizes
from latentpress.training.basis import starting_basis
from latentpress.training.channelwise import ChannelwiseTraining
from latentpress.training.data import Pictures
from latentpress.transforms.klt import BLOCK

__all__ = ["AkyaziTraining"]


class AkyaziTraining(ChannelwiseTraining):
    """See `ChannelwiseTraining`."""

    model_type = Sizes

    def network(self, samples: Pictures | None) -> AkyaziNet:
        """Two linear block transforms of the bands, with layers around them that learn."""
        basis = None if samples is None else starting_basis(self.plan, samples, 3 * BLOCK**2)
        return AkyaziNet(self.model, basis)
