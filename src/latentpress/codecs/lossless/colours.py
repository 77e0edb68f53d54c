"""How the channels of a picture become planes to code: as they are, as Y, U, V, or as differences from green.

The four channels of a mosaic are R, G1, G2 and B (see `mosaic`).
"""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.lanes import Lanes, Skewed
from latentpress.codecs.lossless.ranges import PlaneRange
from latentpress.codecs.lossless.walk import Source
from latentpress.image.colour import rgb_to_yuv, yuv_to_rgb

__all__ = ["Colours", "colours_of", "join_planes", "plane_ranges", "plane_source", "planes_of"]

Floats = NDArray[np.float64]


class Colours(IntEnum):
    """GRAY: one plane. YUV: the reversible transform, for lossless. GREEN: G, then B and R less the decoded G: an error
    in a plane stays an error of one channel. MOSAIC, for lossless: Y, D, U, V, where D = G1 - G2 and the others are the
    transform of R, [(G1 + G2) / 2], B; [] rounds down. MOSAIC_GREEN: G1, G2, then R and B less [(G1' + G2') / 2] of the
    decoded ones.
    """

    GRAY = 0
    YUV = 1
    GREEN = 2
    MOSAIC = 3
    MOSAIC_GREEN = 4


def colours_of(channels: int) -> tuple[Colours, Colours]:
    """The planes that samples of 1, 3 or 4 channels are coded as: lossless, and with a bound on the error."""
    return {
        1: (Colours.GRAY, Colours.GRAY),
        3: (Colours.YUV, Colours.GREEN),
        4: (Colours.MOSAIC, Colours.MOSAIC_GREEN),
    }[channels]


def plane_ranges(colours: Colours, depth: int) -> list[PlaneRange]:
    """The values that each plane may have."""
    peak = (1 << depth) - 1
    first, second, third = PlaneRange(0, peak), PlaneRange(-peak, peak, (0,)), PlaneRange(-peak, peak, (0, 1))
    if colours == Colours.GRAY:
        return [first]
    if colours == Colours.MOSAIC:
        return [first, second, third, PlaneRange(-peak, peak, (0, 2))]
    if colours == Colours.MOSAIC_GREEN:
        return [first, PlaneRange(0, peak, (0,)), third, third]
    return [first, second, third]


def planes_of(colours: Colours, samples: NDArray[Any]) -> Sequence[NDArray[Any]]:
    """The planes of samples (H, W, channels), before anything is subtracted that a decoder gives."""
    if colours == Colours.GRAY:
        return [samples[:, :, 0]]
    if colours == Colours.YUV:
        return list(rgb_to_yuv(samples))
    if colours == Colours.GREEN:
        return [samples[:, :, channel] for channel in (1, 2, 0)]
    red, one, two, blue = (samples[:, :, channel].astype(np.int64) for channel in range(4))
    if colours == Colours.MOSAIC_GREEN:
        return [one, two, red, blue]
    y, u, v = rgb_to_yuv(np.stack([red, (one + two) >> 1, blue], axis=-1))
    return [y, one - two, u, v]


def plane_source(colours: Colours, samples: NDArray[Any], lanes: Lanes) -> Source:
    """The values that an encoder codes for samples (H, W, channels) of a tile."""
    planes = planes_of(colours, samples)
    skewed = [Skewed(lanes) for _ in planes]
    for target, plane in zip(skewed, planes, strict=True):
        target.fill(plane)

    def source(plane: int, wave: int, slots: slice, known: Sequence[Skewed]) -> Floats:
        values = skewed[plane].view(wave, slots)
        if colours == Colours.GREEN and plane > 0:
            return values - known[0].view(wave, slots)
        if colours == Colours.MOSAIC_GREEN and plane > 1:
            green: Floats = np.floor((known[0].view(wave, slots) + known[1].view(wave, slots)) * 0.5)
            return values - green
        return values

    return source


def join_planes(colours: Colours, planes: Sequence[NDArray[Any]], depth: int) -> NDArray[Any]:
    """Samples (H, W, channels) of decoded planes."""
    samples: NDArray[Any]
    if colours == Colours.GRAY:
        samples = planes[0][:, :, None]
    elif colours == Colours.YUV:
        samples = yuv_to_rgb(np.stack(planes))
    elif colours == Colours.GREEN:
        green, blue, red = planes
        samples = np.stack([red + green, green, blue + green], axis=-1)
    elif colours == Colours.MOSAIC:
        y, difference, u, v = planes
        rgb = yuv_to_rgb(np.stack([y, u, v]))
        one = rgb[:, :, 1] + ((difference + 1) >> 1)
        samples = np.stack([rgb[:, :, 0], one, one - difference, rgb[:, :, 2]], axis=-1)
    else:
        one, two, red, blue = planes
        green = (one + two) >> 1
        samples = np.stack([red + green, one, two, blue + green], axis=-1)
    return np.clip(samples, 0, (1 << depth) - 1).astype(np.uint8 if depth == 8 else np.uint16)
