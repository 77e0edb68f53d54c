"""Predictor and transform of 8x8 blocks."""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentpress.codecs.closed_loop import dct_of_planes
from latentpress.parts.predictor import Predictor
from latentpress.systems.kamisli.layout import BORDER, SIDE
from latentpress.training.closed_loop import ClosedLoopSizes
from latentpress.training.schedule import setting

__all__ = ["KamisliNet", "Sizes"]

_OUTPUTS = 3 * SIDE**2


@dataclass(frozen=True, kw_only=True)
class Sizes(ClosedLoopSizes):
    """``hidden``: units of both hidden layers."""

    hidden: int = setting(128, at_least=1)


class KamisliNet(nn.Module):
    """The transform of what is left begins as the DCT of Y, Cb and Cr, and stays orthonormal: it is turned by the
    exponential of a skew-symmetric matrix.
    """

    start: Tensor

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.predictor = Predictor(BORDER.inputs, sizes.hidden, _OUTPUTS)
        self.turn = nn.Parameter(torch.zeros(_OUTPUTS, _OUTPUTS))
        self.register_buffer("start", torch.from_numpy(dct_of_planes(SIDE)), persistent=False)

    def transform(self) -> Tensor:
        """Orthonormal rows (192, 192)."""
        turned: Tensor = torch.matrix_exp(self.turn - self.turn.T) @ self.start
        return turned
