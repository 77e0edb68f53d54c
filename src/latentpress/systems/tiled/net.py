"""The network that predicts tiles. What is left is transformed by the DCT."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentpress.codecs.closed_loop import dct_of_planes
from latentpress.parts.predictor import Predictor
from latentpress.systems.tiled.layout import BORDER, SIDE
from latentpress.training.closed_loop import ClosedLoopSizes
from latentpress.training.schedule import setting

__all__ = ["Sizes", "TiledNet"]


@dataclass(frozen=True, kw_only=True)
class Sizes(ClosedLoopSizes):
    """``hidden``: units of both hidden layers."""

    hidden: int = setting(96, at_least=1)


class TiledNet(nn.Module):
    """All that is trained."""

    dct: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.predictor = Predictor(BORDER.inputs, sizes.hidden, 3 * SIDE**2)
        self.register_buffer("dct", torch.from_numpy(dct_of_planes(SIDE)), persistent=False)

    def transform(self) -> Tensor:
        """Orthonormal rows (768, 768)."""
        return self.dct
