"""What trees have told of a wavelet's coefficients after so many layers, without coding them: it follows from the
coefficients alone. For trainings, to which files would be too slow.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.trees import Trees
from latentpress.codecs.zerotrees import LAYERS, MIDDLE
from latentpress.transforms.lifting import Bands

__all__ = ["told"]

Float = NDArray[np.float32]
Whole = NDArray[np.int32]


def told(bands: Bands, layers: Sequence[int]) -> Bands:
    """Bands as they are shown after ``layers`` (n,) of `zerotrees.LAYERS` of each of n pictures, whose planes, as many
    of each, follow one another in the bands; in units of the lowest bit plane.
    """
    last = [LAYERS[number - 1][-1] for number in layers]
    planes = np.array([plane for _, plane in last], np.int32)
    first = np.array([coded is Trees.alone for coded, _ in last])  # of two passes of a plane
    return [
        _shown(band, opened, *(np.repeat(one, len(band) // len(layers))[:, None, None] for one in (planes, first)))
        for band, opened in zip(bands, _sets(bands), strict=True)
    ]


def _shown(band: Float, opened: Whole, plane: Whole, first: NDArray[np.bool_]) -> Float:
    """What is known of a band after planes down to ``plane``; where only its ``first`` pass has been, of what was
    significant before nothing new, and of the rest what the trees had opened before (``opened``: the largest of a
    coefficient's set).
    """
    size = np.abs(np.trunc(band)).astype(np.int32)
    before = first & ((size >> (plane + 1) > 0) | (opened >> (plane + 1) == 0))
    last = plane + before
    known = size >> last << last
    middle = np.floor(np.float32(MIDDLE * 16) * np.exp2(last.astype(np.float32))) / 16
    found: Float = np.where(known > 0, np.copysign(known + middle, band), 0).astype(np.float32)
    return found


def _sets(bands: Bands) -> Bands:
    """For each coefficient the largest magnitude in the set that it is taken out of: its siblings and all that descend
    from them. Those of the coarse picture are in none, and known from the start.
    """
    found: Bands = []
    below: Whole | None = None
    for number in reversed(range(1, len(bands))):
        size = np.abs(np.trunc(bands[number])).astype(np.int32)
        size = size if below is None else np.maximum(size, below)
        count, height, width = size.shape
        if number == 1:
            below = size.reshape(count // 3, 3, height, width).max(axis=1)
            found.insert(0, below.repeat(3, axis=0))
        else:
            below = size.reshape(count, height // 2, 2, width // 2, 2).max(axis=(2, 4))
            found.insert(0, below.repeat(2, axis=1).repeat(2, axis=2))
    return [np.full(bands[0].shape, 2**30, np.int32), *found]
