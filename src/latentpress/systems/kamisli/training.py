"""Training of the block codec."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np
import torch
from torch import nn

from latentpress.codecs.closed_loop import ONE, Border
from latentpress.systems.kamisli.layout import BORDER, SIDE
from latentpress.systems.kamisli.net import KamisliNet, Sizes
from latentpress.training.closed_loop import ClosedLoopTraining
from latentpress.training.system import Samples

if TYPE_CHECKING:
    from latentpress.models import ModelPackage

__all__ = ["KamisliTraining"]


class KamisliTraining(ClosedLoopTraining):
    """Predictor and transform learn together."""

    model_type = Sizes
    border: ClassVar[Border] = BORDER
    strides: ClassVar[Mapping[str, float]] = {"around": SIDE}

    def network(self, samples: Samples | None) -> KamisliNet:
        """Predicts the mean at first."""
        return KamisliNet(self.model)

    def recover(self, net: Any, package: ModelPackage) -> None:
        """How far the transform of the tables is turned from the DCT: half a logarithm, by eigenvalues."""
        values, vectors = np.linalg.eig(package.tables["transform"] / ONE @ net.start.double().numpy().T)
        turned = (vectors * (1j * np.angle(values)) @ np.linalg.inv(vectors)).real
        net.turn.copy_(torch.from_numpy((turned - turned.T) / 4))

    def predictors(self, net: KamisliNet) -> dict[str, nn.Module]:
        """One."""
        return {"predict": net.predictor}
