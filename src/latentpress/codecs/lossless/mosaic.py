"""Mosaics of colour filters, the raw pictures of cameras: one sample a pixel, red, green or blue by its place.

Every 2 x 2 pixels hold one red, two green and one blue sample, in one of four patterns. A mosaic of H x W is coded as
(ceil(H / 2), ceil(W / 2)) pixels of four channels: R, G1, G2, B, with G1 the first green one in reading order.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError

__all__ = ["PATTERNS", "found_pattern", "join_mosaic", "pattern_at", "pattern_number", "split_mosaic"]

PATTERNS = ("RGGB", "GRBG", "GBRG", "BGGR")
"""The colours of the first two pixels of the first row and of the second. The place in this table is the number of the
pattern; bit 0 tells that red and blue have changed columns, bit 1 that they have changed rows.
"""

# Pixels two apart differ so much less than neighbours. Other pictures: 1.2 to 1.9; mosaics of photographs: 0.1 to 0.8,
# rarely to 1.4 where there is hardly any colour.
_CLEAR = 0.95
_SAMPLED = 1 << 20  # pixels that are looked at, about


def pattern_number(name: str) -> int:
    """The number of a pattern, in any case; raises InvalidInputError for another name."""
    if isinstance(name, str) and name.upper() in PATTERNS:
        return PATTERNS.index(name.upper())
    raise InvalidInputError(f"the pattern of a mosaic is one of {', '.join(PATTERNS)} or auto, not {name!r}")


def pattern_at(pattern: int, row: int, column: int) -> int:
    """The pattern that begins at a pixel of a mosaic."""
    return pattern ^ (row & 1) << 1 ^ (column & 1)


def found_pattern(samples: NDArray[Any]) -> int | None:
    """The pattern of a picture (H, W), None if it does not look like a mosaic.

    A mosaic shows in its grain: pixels two apart are alike, neighbours are not. Of the two diagonals of 2 x 2 pixels
    the green one is the more even. Red cannot be told from blue; the one that comes first is taken for red.
    """
    if min(samples.shape) < 4:
        return None
    rows = max(4, _SAMPLED // samples.shape[1] & ~1)
    top = (samples.shape[0] - min(rows, samples.shape[0])) // 2 & ~1
    part = samples[top : top + rows].astype(np.int64)
    beside = np.abs(part[:, 1:] - part[:, :-1]).mean() + np.abs(part[1:] - part[:-1]).mean()
    apart = np.abs(part[:, 2:] - part[:, :-2]).mean() + np.abs(part[2:] - part[:-2]).mean()
    if apart >= _CLEAR * beside:
        return None
    one, two, three, four = _quarters(part)
    return 0 if np.abs(two - three).mean() <= np.abs(one - four).mean() else 1


def split_mosaic(samples: NDArray[Any], pattern: int) -> NDArray[Any]:
    """A mosaic (H, W) as (ceil(H / 2), ceil(W / 2), 4). Odd sides are made even with copies of the nearest pixels of
    the same colours.
    """
    quarters = _quarters(_even(samples))
    return np.stack([quarters[place] for place in _places(pattern)], axis=-1)


def join_mosaic(channels: NDArray[Any], pattern: int, height: int, width: int) -> NDArray[Any]:
    """The inverse of `split_mosaic` for a mosaic of ``height`` x ``width``."""
    samples = np.empty((2 * channels.shape[0], 2 * channels.shape[1]), channels.dtype)
    for channel, place in enumerate(_places(pattern)):
        samples[place >> 1 :: 2, place & 1 :: 2] = channels[:, :, channel]
    return samples[:height, :width]


def _places(pattern: int) -> tuple[int, ...]:
    """Which of the four pixels of a square, in reading order, are R, G1, G2, B."""
    red = pattern
    first, second = sorted((red ^ 1, red ^ 2))
    return red, first, second, red ^ 3


def _quarters(samples: NDArray[Any]) -> list[NDArray[Any]]:
    """Of each square of a picture with even sides, the first pixel, the second, the third, the fourth."""
    samples = samples[: samples.shape[0] & ~1, : samples.shape[1] & ~1]
    return [samples[row::2, column::2] for row in (0, 1) for column in (0, 1)]


def _even(samples: NDArray[Any]) -> NDArray[Any]:
    for axis in (0, 1):
        side = samples.shape[axis]
        if side % 2:
            last = np.take(samples, [max(side - 2, 0)], axis=axis)
            samples = np.concatenate([samples, last], axis=axis)
    return samples
