"""Between coefficients and pixels: the stages of JPEG that lose something, as one chain for a frame."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.colour import Colour, ColourSpace
from latentpress.codecs.jpeg.markers import Frame
from latentpress.codecs.jpeg.sampling import Resample
from latentpress.codecs.stages import Each, Stage, chain
from latentpress.transforms import Blocks, Reorder, zigzag
from latentpress.transforms.integer_dct import IntegerDct

__all__ = ["picture_stages"]

_ZIGZAG = zigzag(8)


def picture_stages(frame: Frame, space: ColourSpace, tables: Sequence[NDArray[np.int64]]) -> Stage[Any, Any]:
    """Pixels (H, W, C), uint8, to the coefficients (rows, columns, 64) of each component, in zigzag order and divided
    by its table (64,); and back. Both ways give what libjpeg gives.

    Raises UnsupportedError for sampling factors that do not divide each other.
    """
    planes = [chain(_Shift(), Blocks(8), _Steps(table), Reorder(_ZIGZAG)) for table in tables]
    return chain(Colour(space), Resample(frame), Each(*planes))


class _Shift:
    """Stage: samples 0..255 to those around zero; back, with what is out of range clipped."""

    def forward(self, samples: NDArray[np.uint8]) -> NDArray[np.int16]:
        """Around zero."""
        return samples.astype(np.int16) - 128

    def inverse(self, samples: NDArray[np.int32]) -> NDArray[np.uint8]:
        """From zero up."""
        return np.clip(samples + 128, 0, 255).astype(np.uint8)


class _Steps:
    """Stage: blocks of samples to coefficients in steps, to the nearest, halves away from zero."""

    def __init__(self, table: NDArray[np.int64]) -> None:
        self._steps = np.empty(64, np.int32)
        self._steps[_ZIGZAG] = table
        self._dct = IntegerDct()

    def forward(self, blocks: NDArray[np.int16]) -> NDArray[np.int16]:
        """In steps."""
        eightfold, steps = self._dct.forward(blocks), 8 * self._steps
        size = (np.abs(eightfold) + steps // 2) // steps
        whole: NDArray[np.int16] = (np.sign(eightfold) * size).astype(np.int16)
        return whole

    def inverse(self, coefficients: NDArray[np.int16]) -> NDArray[np.int32]:
        """Samples."""
        return self._dct.inverse(coefficients * self._steps)
