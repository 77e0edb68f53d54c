"""How a JPEG was quantised: its tables and subsampling, and the numbers that a restorer reads of them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError
from latentpress.transforms import zigzag
from latentpress.transforms.jpeg_tables import scaled_tables

__all__ = [
    "CONDITIONS",
    "Quantisation",
    "describe",
    "standard_quantisation",
    "standard_tables",
]

CONDITIONS = 10
"""Entries of `Quantisation.condition`."""

_FREQUENCY = np.add.outer(np.arange(8), np.arange(8))
_BANDS = (_FREQUENCY == 0, (_FREQUENCY >= 1) & (_FREQUENCY <= 2), (_FREQUENCY >= 3) & (_FREQUENCY <= 5), _FREQUENCY > 5)
_LARGEST_STEP = 255
_LOW = (_FREQUENCY >= 1) & (_FREQUENCY <= 4)


@dataclass(frozen=True, eq=False)
class Quantisation:
    """``luma``, ``chroma``: quantisation tables (8, 8), steps of 1..65535, rows are vertical frequencies; a gray JPEG
    has its one table twice. ``subsampling``: pixels for each chroma sample, (vertical, horizontal).
    """

    luma: NDArray[Any]
    chroma: NDArray[Any]
    subsampling: tuple[int, int] = (2, 2)

    @property
    def quality(self) -> int:
        """The libjpeg quality 1..100 whose standard luma table is nearest (mean distance of the logarithms)."""
        tables = np.stack([standard_tables(quality)[0] for quality in range(1, 101)])
        distance = np.abs(np.log(tables) - np.log(self.luma)).mean(axis=(1, 2))
        return int(np.argmin(distance)) + 1

    @property
    def standard(self) -> bool:
        """Whether both tables are libjpeg's at `quality`."""
        luma, chroma = standard_tables(self.quality)
        return np.array_equal(self.luma, luma) and np.array_equal(self.chroma, chroma)

    def without(self, share: float) -> Quantisation:
        """The same with this share of the coefficients left out, the highest frequencies: their step is the largest
        that a JPEG of 8 bits can name, at which nearly all are zero.
        """
        left = zigzag(8)[round(64 * (1 - share)) :]
        luma, chroma = self.luma.copy(), self.chroma.copy()
        luma.flat[left] = chroma.flat[left] = _LARGEST_STEP
        return Quantisation(luma, chroma, self.subsampling)

    def condition(self) -> NDArray[np.float32]:
        """(10,): log2 of the steps, of luma and then chroma, averaged over the DC and low, middle and high
        frequencies; then log2 of the subsampling. Shifted and scaled to about -1..1.
        """
        logs = [np.log2(table)[band].mean() for table in (self.luma, self.chroma) for band in _BANDS]
        steps = (np.array(logs) - 4) / 2
        return np.array([*steps, *np.log2(self.subsampling)], np.float32)

    def scale(self) -> NDArray[np.float32]:
        """(3,) grey levels for Y, Cb, Cr: a quarter of the mean step (geometric) at low frequencies, about the size
        of the artefacts.
        """
        luma, chroma = (2 ** np.log2(table)[_LOW].mean() / 4 for table in (self.luma, self.chroma))
        return np.array([luma, chroma, chroma], np.float32)


def describe(quantisations: Sequence[Quantisation]) -> dict[str, NDArray[np.float32]]:
    """What networks take beside the pixels, for a batch of B pictures: ``condition`` (B, 10), ``scale`` (B, 3),
    ``tables`` (B, 2, 8, 8) steps of luma and chroma.
    """
    return {
        "condition": np.stack([q.condition() for q in quantisations]),
        "scale": np.stack([q.scale() for q in quantisations]),
        "tables": np.stack([np.stack([q.luma, q.chroma]) for q in quantisations]).astype(np.float32),
    }


@lru_cache(maxsize=128)
def standard_tables(quality: int) -> tuple[NDArray[Any], NDArray[Any]]:
    """libjpeg's luma and chroma tables at a quality of 1..100 (8-bit steps, 1..255)."""
    if not 1 <= quality <= 100:
        raise InvalidInputError(f"a JPEG quality is a whole number of 1 to 100, not {quality}")
    return scaled_tables(quality)


def standard_quantisation(quality: int, subsampling: tuple[int, int] = (2, 2)) -> Quantisation:
    """What libjpeg, and so most programs, does at a quality of 1..100."""
    return Quantisation(*standard_tables(quality), subsampling)
