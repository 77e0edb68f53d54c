"""What a pass of latents is coded with."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.orders import Positions
from latentpress.codecs.scales import tables_of

__all__ = ["Parameters"]

Float = NDArray[np.float32]


@dataclass(frozen=True)
class Parameters:
    """What a pass is coded with, each (M, h, w), or (n,) at some positions: ``mean`` a multiple of 1/16 quantisation
    step; ``index`` a scale index, a multiple of 1/16 that is rounded and clamped to name a probability table.
    """

    mean: Float
    index: Float

    def at(self, positions: Positions) -> Parameters:
        """Those of some latents, by their flat positions."""
        return Parameters(self.mean.take(positions), self.index.take(positions))

    def tables(self, count: int) -> NDArray[np.uint8]:
        """The probability table of each symbol, out of ``count``."""
        return tables_of(self.index, count)

    def plus(self, other: Parameters) -> Parameters:
        """Sum of both predictions. Multiples of 1/16 below 2^19: exact in float32."""
        return Parameters(self.mean + other.mean, self.index + other.index)
