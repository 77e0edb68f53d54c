"""`Bank`: the 9/7 wavelet, whose details networks foretell from the coarse picture. What they answer is taken off the
details on one side and added on the other, so the bank restores what it splits whatever they are.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.zerotrees import LEVELS
from latentpress.systems.filter_bank.layout import AHEAD, BEHIND, SIGHT
from latentpress.transforms.lifting import CDF97, Bands, Pyramid

__all__ = ["Bank"]

Float = NDArray[np.float32]

Run = Callable[[str, Float], Float]
"""A network by name, ``luma`` or ``chroma``, of what it knows (N, h + 6, w + 6) to details (M, h, w)."""

_SPLIT = Pyramid(CDF97, 1)


@dataclass(frozen=True)
class Bank:
    """Stage: planes (3, H, W), sides multiples of 32, to `Bands` and back, but for errors of rounding."""

    run: Run

    def forward(self, planes: Float) -> Bands:
        """Bands, the coarsest first."""
        low, details = planes, []
        for _ in range(LEVELS):
            low, detail = _SPLIT.forward(low)
            known = _slopes(low)
            foretold = (
                self.run("luma", known),
                self.run("chroma", np.concatenate([known, _wide(detail[:3], SIGHT, SIGHT)])),
            )
            details.append(detail - np.concatenate(foretold))
        return [low, *reversed(details)]

    def inverse(self, bands: Bands) -> Float:
        """Planes of bands."""
        low, *details = bands
        for detail in details:
            known = _slopes(low)
            luma = detail[:3] + self.run("luma", known)
            chroma = detail[3:] + self.run("chroma", np.concatenate([known, _wide(luma, SIGHT, SIGHT)]))
            low = _SPLIT.inverse([low, np.concatenate([luma, chroma])])
        return low


def _wide(planes: Float, behind: int, ahead: int) -> Float:
    return np.pad(planes, ((0, 0), (behind, ahead), (behind, ahead)), mode="edge")


def _slopes(low: Float) -> Float:
    """(6, h + 6, w + 6): from each sample of three planes how far it is to the next one below, and to the right. What
    is flat has none, so networks without biases leave it alone.
    """
    wide = _wide(low, BEHIND, AHEAD)
    slopes: Float = np.concatenate([wide[:, 1:, :-1] - wide[:, :-1, :-1], wide[:, :-1, 1:] - wide[:, :-1, :-1]])
    return slopes
