"""Training of the network that predicts tiles."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from latentpress.codecs.closed_loop import Border
from latentpress.systems.tiled.layout import BORDER, SIDE
from latentpress.systems.tiled.net import Sizes, TiledNet
from latentpress.training.closed_loop import ClosedLoopTraining
from latentpress.training.system import Samples

__all__ = ["TiledTraining"]


class TiledTraining(ClosedLoopTraining):
    """In the closed loop, with a step for each crop in place of one for each tile."""

    model_type = Sizes
    border: ClassVar[Border] = BORDER
    table_pictures: ClassVar[int] = 8
    table_side: ClassVar[int] = 256  # 768 coefficients of a tile take their time
    strides: ClassVar[Mapping[str, float]] = {"around": SIDE}

    def network(self, samples: Samples | None) -> TiledNet:
        """Predicts the mean at first."""
        return TiledNet(self.model)

    def predictors(self, net: TiledNet) -> dict[str, nn.Module]:
        """One."""
        return {"predict": net.predictor}
