"""Finding out how a picture was JPEG-coded when no file tells: after a decoded JPEG was saved as PNG, cut, or saved
again at a higher quality.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.restoration.tables import standard_tables
from latentpress.transforms import block_dct
from latentpress.transforms.colour import to_ycc

__all__ = ["Estimate", "estimate_coding"]

_SIDE = 1024  # pixels of the middle that are looked at
_QUALITIES = range(5, 93)  # above, steps are as small as the rounding of pixels
_FREQUENCIES = [(u, v) for u in range(4) for v in range(4) if 0 < u + v <= 4]
_LEAST = 40  # coefficients that are not quantised to zero, for a frequency to count
_CONVINCING = 0.3
_MOST_CHANGE = 0.45  # photographs coded twice stay below 0.3; regular patterns that were not, lie above 0.5


@dataclass(frozen=True)
class Estimate:
    """``quality``: the libjpeg quality that explains the coefficients best. ``phase``: (rows, columns) 0..15 before the
    first whole 16x16 unit of 4:2:0, which is where a chroma block and every other luma block begins. ``confidence``: 0
    no sign of quantisation .. 1. ``change``: how much luma would change if it were coded so again: mean square over the
    coefficients that are not quantised to zero, of all frequencies, over that of coefficients that lie anywhere. Near 0
    for what was coded so before, and little since.
    """

    quality: int
    phase: tuple[int, int]
    confidence: float
    change: float


def estimate_coding(pixels: NDArray[np.uint8]) -> Estimate | None:
    """The JPEG coding that (H, W, 1 or 3) pixels have behind them, or None if there is no sign of one.

    The phase is where steps between neighbours stand out, every eight pixels in luma and every 16 in chroma. At that
    phase the DCT coefficients lie
    on multiples of the quantisation steps: cos(2 pi c / step) is near 1 for the right steps and averages to about 0
    for others (after the idea of Fan and de Queiroz 2003). Stripes and checks can look like that by chance, in the few
    coefficients that they have; coding them so would change them, and so they are told apart.
    """
    ycc = to_ycc(_middle(pixels))
    luma = ycc[0]
    if min(luma.shape) < 40:
        return None
    phase = _phase(ycc), _phase(ycc.swapaxes(1, 2))
    first = phase[0] % 8, phase[1] % 8
    rows, columns = ((side - start) // 8 * 8 for side, start in zip(luma.shape, first, strict=True))
    blocks = block_dct(np.ascontiguousarray(luma[first[0] :, first[1] :][:rows, :columns]))
    scores = [_score(blocks, quality) for quality in _QUALITIES]
    best = int(np.argmax(scores))
    if scores[best] < _CONVINCING:
        return None
    change = _change(blocks, _QUALITIES[best])
    if change > _MOST_CHANGE:
        return None
    return Estimate(_QUALITIES[best], phase, min(1.0, scores[best]), change)


def _middle(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """The middle of a large picture, cut on multiples of 16."""
    first = [max(0, (side - _SIDE) // 2) // 16 * 16 for side in pixels.shape[:2]]
    return pixels[first[0] : first[0] + _SIDE, first[1] : first[1] + _SIDE]


def _phase(ycc: NDArray[np.float32]) -> int:
    """Rows before the first whole unit of 16: where neighbouring rows differ most from what their neighbours foretell,
    every 8 rows in luma and every 16 in chroma, whose borders the decoder has spread over several rows.
    """
    luma, chroma = _bends(ycc[0]), _bends(ycc[1]) + _bends(ycc[2])
    eight = int(np.argmax([luma[(k - 2) % 8 :: 8].mean() for k in range(8)]))
    near = [sum(chroma[(k + d - 2) % 16 :: 16].mean() for d in (-1, 0, 1)) for k in (eight, eight + 8)]
    return eight + 8 * int(np.argmax(near))


def _bends(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """How far the step between two rows is from the mean of the steps before and after: entry i for rows i + 1 and
    i + 2, mean over the columns.
    """
    steps = np.diff(plane, axis=0)
    bend: NDArray[np.float32] = np.abs(steps[1:-1] - 0.5 * (steps[:-2] + steps[2:]))
    means: NDArray[np.float32] = np.minimum(bend, 32).mean(axis=1)
    return means


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


def _change(blocks: NDArray[np.float32], quality: int) -> float:
    """See `Estimate.change`."""
    steps = standard_tables(quality)[0].astype(np.float32)
    levels = blocks / steps
    coded = np.abs(levels) > 0.5
    squares = np.where(coded, np.square(steps), 0)
    moves = np.square(levels - np.rint(levels)) * squares
    return float(moves.sum() / max(float(squares.sum()) / 12, 1e-9))
