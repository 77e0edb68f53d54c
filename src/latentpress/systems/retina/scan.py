"""Where the tissue of a scan by optical coherence tomography is."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["tissue_rows"]

Plane = NDArray[np.float64]

_REACH = 3  # of the neighbourhood
_DARK, _BRIGHT = 10, 99.5  # percentiles of rows: no tissue, most tissue
_TISSUE = 0.2  # of the way from dark to bright, from which on a row has some
_MARGIN = 8  # rows that are kept beside it
_LEAST = 0.15  # of the rows that have to be free of tissue
_OUTSIDE = 0.02  # of the variance of a scan that lies outside its tissue


def tissue_rows(plane: Plane) -> tuple[int, int] | None:
    """First row of tissue and the one after the last, of a scan (H, W); None for a picture that is none: tissue is a
    bright band across, and dark is what lies above and below.
    """
    height = len(plane)
    if min(plane.shape) < 2 * _MARGIN:
        return None
    smooth = _mean(plane)
    level = np.percentile(smooth, 95, axis=1)  # tissue may be bent: a row has some where a few columns have
    dark, bright = np.percentile(level, [_DARK, _BRIGHT])
    rows = np.flatnonzero(level > dark + _TISSUE * (bright - dark))
    if not rows.size:
        return None
    first, last = max(0, int(rows[0]) - _MARGIN), min(height, int(rows[-1]) + 1 + _MARGIN)
    outside = np.concatenate([smooth[:first], smooth[last:]])
    if len(outside) < _LEAST * height:
        return None
    away = sum(np.square(part - part.mean()).sum() for part in (smooth[:first], smooth[last:]) if part.size)
    return (first, last) if away < _OUTSIDE * np.square(smooth - smooth.mean()).sum() else None


def _mean(plane: Plane) -> Plane:
    """Of the 7x7 samples around each place."""
    side = 2 * _REACH + 1
    sums = np.cumsum(np.cumsum(np.pad(plane, _REACH, mode="edge"), axis=0), axis=1)
    sums = np.pad(sums, ((1, 0), (1, 0)))
    mean: Plane = (sums[side:, side:] - sums[:-side, side:] - sums[side:, :-side] + sums[:-side, :-side]) / side**2
    return mean
