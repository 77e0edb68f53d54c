"""How much of a network's correction to trust, found on the picture itself.

A restorer learns what photographs lose. On drawings and screenshots of high quality its guesses can do more harm than
the few grey levels that were lost. The decoded picture tells which case this is: taken for an original, coded once more
with the same tables on a shifted grid, it shows how well the network undoes that coding.
"""

from __future__ import annotations

import io
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from latentpress.restoration.tables import Quantisation
from latentpress.transforms.colour import TO_YCC

__all__ = ["CELL", "QUALITY", "SHIFT", "cell_sums", "code_again", "flat_counts", "gains_of", "patterned", "spread"]

QUALITY = 86
"""From this quality on corrections are calibrated. Below, artefacts of photographs are larger than what a restorer can
do wrong; of other pictures see `patterned`.
"""

CELL = 64
"""Side of the squares in pixels that evidence is gathered in."""

SHIFT = 4
"""Rows and columns that the second coding's blocks are off the first's: its artefacts fall on other places."""

_SUBSAMPLINGS = {(1, 1): "4:4:4", (1, 2): "4:2:2", (2, 2): "4:2:0"}
# Shares found below which nothing of the correction is applied, and above which all of it is: in good JPEGs, and in
# pictures of patterns, where more evidence is asked for: unless luma's share is of `_SURE` and above, as in waves and
# gravel, where chroma's, of half the resolution, is small although the network does it good.
_GOOD, _PATTERNED, _SURE = (0.2, 0.6), (0.5, 0.8), (0.6, 0.8)
_PHOTOGRAPH, _DRAWN = 0.25, 0.5  # shares of flat pixels up to which all of that is applied, and from which on nothing
_STRIP = 4 * CELL  # rows looked at at a time
_BUSY = 15.0  # grey levels, standard deviation of luma in a cell that is looked at
_ALIKE = 0.7  # correlation of neighbours under which a cell is no photograph's
_PATTERNS = 1 / 3  # of the busy cells, in a picture of patterns; photographs stay below a quarter
_LEAST = 0.1  # mean square of corrections, in grey levels, that is no evidence


def code_again(pixels: NDArray[np.uint8], quantisation: Quantisation) -> NDArray[np.uint8]:
    """The pixels after JPEG coding with these tables; (H, W, 1 or 3) as given. Subsamplings that Pillow has no name
    for are taken for 4:2:0."""
    tables = [[int(step) for step in table.ravel()] for table in (quantisation.luma, quantisation.chroma)]
    gray = pixels.shape[2] == 1
    stream = io.BytesIO()
    settings: dict[str, Any] = {"qtables": tables[:1] if gray else tables}
    if not gray:
        settings["subsampling"] = _SUBSAMPLINGS.get(quantisation.subsampling, "4:2:0")
    Image.fromarray(pixels[:, :, 0] if gray else pixels).save(stream, "JPEG", **settings)
    decoded = np.asarray(Image.open(stream, formats=["JPEG"]))
    return decoded[:, :, np.newaxis] if gray else decoded


def cell_sums(wanted: NDArray[np.float32], correction: NDArray[np.float32]) -> NDArray[np.float64]:
    """(2, 3, rows, columns) for corrections (3, H, W) that were wanted and made: sums over cells of their products, and
    of the squares of those made."""
    return _cells(np.stack([wanted * correction, correction * correction]))


def flat_counts(pixels: NDArray[np.uint8]) -> NDArray[np.float64]:
    """(2, rows, columns): of the pixels (H, W, channels) of a tile, how many equal their left and upper neighbours, and
    how many there are, in each cell.
    """
    flat = np.zeros(pixels.shape[:2], bool)
    flat[1:, 1:] = ((pixels[1:, 1:] == pixels[:-1, 1:]) & (pixels[1:, 1:] == pixels[1:, :-1])).all(axis=2)
    return _cells(np.stack([flat, np.ones_like(flat)]).astype(np.float64))


def patterned(pixels: NDArray[np.uint8]) -> bool:
    """Whether pixels (H, W, 1 or 3) look like dithering, stripes, letters and the like: in many cells with contrast a
    sample says little about the next one, across or down.
    """
    few = busy = 0
    for top in range(0, pixels.shape[0], _STRIP):
        luma = pixels[top : top + _STRIP] @ (TO_YCC[0] if pixels.shape[2] == 3 else np.ones(1, np.float32))
        steps = np.zeros((2, *luma.shape), np.float32)
        steps[0, 1:], steps[1, :, 1:] = np.diff(luma, axis=0), np.diff(luma, axis=1)
        count, total, square, down, across = _cells(np.stack([np.ones_like(luma), luma, luma**2, *steps**2]))
        variance = np.maximum(square / count - (total / count) ** 2, 1e-6)
        unlike = np.maximum(down, across) / count > 2 * (1 - _ALIKE) * variance
        lively = variance > _BUSY**2
        few, busy = few + int((unlike & lively).sum()), busy + int(lively.sum())
    return few > _PATTERNS * busy


def gains_of(sums: NDArray[np.float64], flat: NDArray[np.float64] | None) -> NDArray[np.float32]:
    """(3, rows, columns) of 0..1: how much of the correction to apply, from the share that would have been best in a
    cell and its eight neighbours, and, at high qualities, from how many of its pixels are flat (`flat_counts`).

    In photographs that share is too small by a third or so: the decoded picture lacks some of the detail that the
    network restores. In luma it is too large where large parts are quite flat: what is left there are the edges of a
    drawing.
    """
    total = _around(sums)
    best = total[0] / (total[1] + _LEAST * CELL * CELL)
    gains = _ramp(best, *_GOOD)
    if flat is not None:
        level = _around(flat)
        gains[0] *= 1 - _ramp(level[0] / level[1], _PHOTOGRAPH, _DRAWN)
    else:
        strict, sure = _ramp(best, *_PATTERNED), _ramp(best[0], *_SURE)
        gains[0], gains[1:] = strict[0], strict[1:] + sure * (gains[1:] - strict[1:])
    return gains


def _ramp(values: NDArray[np.float64], low: float, high: float) -> NDArray[np.float32]:
    """0 up to ``low``, 1 from ``high`` on."""
    return np.clip((values - low) / (high - low), 0, 1).astype(np.float32)


def spread(gains: NDArray[np.float32], rows: slice, columns: slice) -> NDArray[np.float32]:
    """The gains of pixels: (3, rows, columns), between the middles of cells by linear interpolation."""
    for axis, part in ((1, rows), (2, columns)):
        place = (np.arange(part.start, part.stop) - SHIFT + 0.5) / CELL - 0.5
        place = np.clip(place, 0, gains.shape[axis] - 1)
        low = np.floor(place).astype(np.intp)
        high = np.minimum(low + 1, gains.shape[axis] - 1)
        weight = (place - low).astype(np.float32)
        weight = weight[:, np.newaxis] if axis == 1 else weight
        gains = gains.take(low, axis) * (1 - weight) + gains.take(high, axis) * weight
    return gains


def _cells(planes: NDArray[Any]) -> NDArray[np.float64]:
    """Sums over cells: (..., H, W) to (..., rows, columns)."""
    *more, height, width = planes.shape
    fill = [(0, 0)] * len(more) + [(0, -height % CELL), (0, -width % CELL)]
    padded = np.pad(planes, fill)
    rows, columns = (side // CELL for side in padded.shape[-2:])
    sums: NDArray[np.float64] = padded.reshape(*more, rows, CELL, columns, CELL).sum(axis=(-3, -1), dtype=np.float64)
    return sums


def _around(sums: NDArray[np.float64]) -> NDArray[np.float64]:
    """Sums over each cell and its eight neighbours."""
    rows, columns = sums.shape[-2:]
    near = np.pad(sums, [(0, 0)] * (sums.ndim - 2) + [(1, 1), (1, 1)])
    total: NDArray[np.float64] = np.sum(
        [near[..., y : y + rows, x : x + columns] for y in range(3) for x in range(3)], axis=0
    )
    return total
