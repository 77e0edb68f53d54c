"""Training of the block codec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from latentpress.codecs.closed_loop import Border
from latentpress.systems.kamisli.layout import BORDER, SIDE
from latentpress.systems.kamisli.net import KamisliNet, Sizes
from latentpress.training.closed_loop import ClosedLoopTraining
from latentpress.training.system import Samples

__all__ = ["KamisliTraining"]


class KamisliTraining(ClosedLoopTraining):
    """Predictor and transform learn together."""

    model_type = Sizes
    border: ClassVar[Border] = BORDER
    strides: ClassVar[Mapping[str, float]] = {"around": SIDE}

    def network(self, samples: Samples | None) -> KamisliNet:
        """Predicts the mean at first."""
        return KamisliNet(self.model)

    def predictors(self, net: KamisliNet) -> dict[str, nn.Module]:
        """One."""
        return {"predict": net.predictor}
