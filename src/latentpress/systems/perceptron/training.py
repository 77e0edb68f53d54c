"""Training and export of the perceptron codec."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, ClassVar

from latentpress.systems.perceptron.layout import BLOCK
from latentpress.systems.perceptron.net import PerceptronNet, Sizes
from latentpress.training.basis import starting_basis
from latentpress.training.channelwise import ChannelwiseTraining
from latentpress.training.data import Pictures
from latentpress.training.system import Arrays
from latentpress.transforms.klt import BLOCK as KLT_BLOCK

__all__ = ["PerceptronTraining"]


class PerceptronTraining(ChannelwiseTraining):
    """Learns with a distribution for each unit; files have contexts, fitted at the export."""

    model_type = Sizes
    table_pictures = 12
    strides: ClassVar[Mapping[str, float]] = {"x": 1, "values": BLOCK}

    def network(self, samples: Pictures | None) -> PerceptronNet:
        """The principal components of the pictures' blocks, with sigmoids that hardly bend them."""
        basis = None if samples is None else starting_basis(self.plan, samples, 3 * KLT_BLOCK**2)
        return PerceptronNet(self.model, basis)

    def noises(self) -> Sequence[tuple[int, int]]:
        """A value for each unit of each block."""
        return [(self.model.latents, BLOCK)]

    def tables(self, net: Any, model: Any, sample: Pictures) -> Arrays:
        """See `Training.tables`."""
        from latentpress.training.coefficients import first_tables, measured_tables

        if model is None:
            return first_tables(self.model.anchors, self.model.latents)
        return measured_tables(model, model.coder, sample)
