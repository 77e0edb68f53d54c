"""Training of the competing networks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from torch import nn

from latentpress.codecs.closed_loop import Border
from latentpress.systems.peixoto.layout import BORDER, SIDE
from latentpress.systems.peixoto.net import PeixotoNet, Sizes
from latentpress.training.closed_loop import ClosedLoopTraining
from latentpress.training.system import Samples

__all__ = ["PeixotoTraining"]


class PeixotoTraining(ClosedLoopTraining):
    """Both networks in the closed loop, without the other predictions; a block teaches the better one."""

    model_type = Sizes
    border: ClassVar[Border] = BORDER
    table_pictures: ClassVar[int] = 8
    table_side: ClassVar[int] = 256  # 768 coefficients of a block take their time
    strides: ClassVar[Mapping[str, float]] = {"around": SIDE}

    def network(self, samples: Samples | None) -> PeixotoNet:
        """Both predict the mean at first."""
        return PeixotoNet(self.model)

    def predictors(self, net: PeixotoNet) -> dict[str, nn.Module]:
        """Both."""
        return {f"predict_{number}": one for number, one in enumerate(net.predictors)}
