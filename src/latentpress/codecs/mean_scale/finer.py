"""Regions of interest: places whose latents are quantised more finely than the rate says.

Scale indices are evenly spaced in the logarithm of the scale, so latents that are n steps of this grid larger have
tables n further on, exactly. A map of such steps stands in the file. Both sides scale the mean by the same whole-number
factor, add n to the index, and bring values back to the steps of the rate, on their grid of 1/16; everything else runs
as without a map.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.mean_scale.parameters import Parameters
from latentpress.codecs.orders import Order
from latentpress.codecs.roi import MAP_LIMIT, Roi
from latentpress.codecs.scales import STEP_DECIBELS

__all__ = ["Finer", "steps_of"]

# round(4096 * (120 / 0.045) ** (n / 62.5)) for n = -24..24, as numbers: the format must not hang on a power function
_FACTORS = np.array([
    198, 225, 255, 289, 328, 372, 422, 479, 544, 617, 700, 794,
    901, 1022, 1159, 1315, 1492, 1693, 1921, 2179, 2472, 2805, 3182, 3610,
    4096, 4647, 5272, 5981, 6786, 7699, 8735, 9910, 11243, 12756, 14472, 16418,
    18627, 21133, 23976, 27201, 30861, 35013, 39723, 45067, 51129, 58008, 65811, 74665,
    84709,
], np.int64)  # fmt: skip

Float = NDArray[np.float32]
Steps = NDArray[np.int8]


@dataclass(frozen=True)
class Finer:
    """The map of a tile: steps (h, w), or (n,) those of some latents."""

    steps: Steps

    def parts(self, order: Order, channels: int) -> list[Finer]:
        """The steps of the latents that each pass codes."""
        return [Finer(part) for part in order.split(np.broadcast_to(self.steps, (channels, *self.steps.shape)))]

    @cached_property
    def _factor(self) -> NDArray[np.int64]:
        return _FACTORS[self.steps.astype(np.intp) + MAP_LIMIT]

    def latents(self, latents: Float) -> Float:
        """Latents of the rate's steps, in those of the map."""
        scaled: Float = (latents * (self._factor / 4096)).astype(np.float32)
        return scaled

    def parameters(self, parameters: Parameters) -> Parameters:
        """Parameters of a pass, in the steps of the map."""
        sixteenths = (parameters.mean * np.float32(16)).astype(np.int64)
        mean = ((sixteenths * self._factor + 2048) >> 12).astype(np.float32) * np.float32(1 / 16)
        return Parameters(mean, parameters.index + self.steps.astype(np.float32))

    def values(self, values: Float) -> Float:
        """Values of the map's steps, in steps of the rate: the nearest sixteenths."""
        sixteenths = (values * np.float32(16)).astype(np.int64)
        whole = (sixteenths * 8192 + self._factor) // (2 * self._factor)
        return whole.astype(np.float32) * np.float32(1 / 16)


def steps_of(roi: Roi, stride: int) -> Steps | None:
    """The map of an interest, a step for each place of ``stride`` pixels, or None if it is zero throughout."""
    steps = np.floor(roi.decibels(stride) / STEP_DECIBELS + 0.5).astype(np.int8)
    return steps if steps.any() else None
