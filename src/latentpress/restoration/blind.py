"""Finding out how a picture was JPEG-coded when no file tells: after a decoded JPEG was saved as PNG, cut, or saved
again at a higher quality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.restoration.colour import to_ycc
from latentpress.restoration.tables import standard_tables
from latentpress.transforms import block_dct

__all__ = ["Estimate", "estimate_coding"]

_SIDE = 1024  # pixels of the middle that are looked at
_QUALITIES = range(5, 93)  # above, steps are as small as the rounding of pixels
_FREQUENCIES = [(u, v) for u in range(4) for v in range(4) if 0 < u + v <= 4]
_LEAST = 40  # coefficients that are not quantised to zero, for a frequency to count
_CONVINCING = 0.3


@dataclass(frozen=True)
class Estimate:
    """``quality``: the libjpeg quality that explains the coefficients best. ``phase``: (rows, columns) 0..7 before the
    first whole block. ``confidence``: 0 no sign of quantisation .. 1.
    """

    quality: int
    phase: tuple[int, int]
    confidence: float


def estimate_coding(pixels: NDArray[np.uint8]) -> Estimate | None:
    """The JPEG coding that (H, W, 1 or 3) pixels have behind them, or None if there is no sign of one.

    The phase is where steps between neighbours stand out every eight pixels. At that phase the DCT coefficients lie
    on multiples of the quantisation steps: cos(2 pi c / step) is near 1 for the right steps and averages to about 0
    for others (after the idea of Fan and de Queiroz 2003).
    """
    luma = to_ycc(_middle(pixels))[0]
    if min(luma.shape) < 24:
        return None
    phase = _phase(luma), _phase(luma.T)
    rows, columns = ((side - first) // 8 * 8 for side, first in zip(luma.shape, phase, strict=True))
    blocks = block_dct(np.ascontiguousarray(luma[phase[0] :, phase[1] :][:rows, :columns]))
    scores = [_score(blocks, quality) for quality in _QUALITIES]
    best = int(np.argmax(scores))
    if scores[best] < _CONVINCING:
        return None
    return Estimate(_QUALITIES[best], phase, min(1.0, scores[best]))


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a large picture, cut on multiples of eight."""
    first = [max(0, (side - _SIDE) // 2) // 8 * 8 for side in pixels.shape[:2]]
    return pixels[first[0] : first[0] + _SIDE, first[1] : first[1] + _SIDE]


def _phase(luma: NDArray[np.float32]) -> int:
    """Rows before the first whole block: where the change of slope between neighbouring rows is largest."""
    bend = np.abs(luma[1:-2] - luma[2:-1] - 0.5 * (luma[:-3] - luma[1:-2]) - 0.5 * (luma[2:-1] - luma[3:]))
    profile = np.minimum(bend, 32).mean(axis=1)  # entry i: the border between rows i + 1 and i + 2
    means = [profile[(k - 2) % 8 :: 8].mean() for k in range(8)]
    return int(np.argmax(means))


def _score(blocks: NDArray[np.float32], quality: int) -> float:
    """Mean of cos(2 pi c / step) over coefficients that are not in the zero bin, at low frequencies."""
    table = standard_tables(quality)[0]
    total, count = 0.0, 0
    for u, v in _FREQUENCIES:
        step = float(table[u, v])
        levels = blocks[:, :, u, v].ravel() / step
        levels = levels[np.abs(levels) > 0.5]
        if len(levels) >= _LEAST:
            total += float(np.cos(2 * np.pi * levels).sum())
            count += len(levels)
    return total / count if count else 0.0
