"""How the channels of a picture become planes to code: as they are, as Y, U, V, or as differences from green."""

from __future__ import annotations

from collections.abc import Sequence
from enum import IntEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.lanes import Lanes, Skewed
from latentpress.codecs.lossless.walk import PlaneRange, Source
from latentpress.image.colour import rgb_to_yuv, yuv_to_rgb

__all__ = ["Colours", "join_planes", "plane_ranges", "plane_source"]


class Colours(IntEnum):
    """GRAY: one plane. YUV: the reversible transform, for lossless. GREEN: G, then B and R less the decoded G: an error
    in a plane stays an error of one channel.
    """

    GRAY = 0
    YUV = 1
    GREEN = 2


def plane_ranges(colours: Colours, depth: int) -> list[PlaneRange]:
    """The values that each plane may have."""
    peak = (1 << depth) - 1
    first, difference = PlaneRange(0, peak), PlaneRange(-peak, peak)
    return [first] if colours == Colours.GRAY else [first, difference, difference]


def plane_source(colours: Colours, samples: NDArray[Any], lanes: Lanes) -> Source:
    """The values that an encoder codes for samples (H, W, 1 or 3) of a tile."""
    if colours == Colours.GRAY:
        planes = samples[:, :, 0][None]
    elif colours == Colours.YUV:
        planes = rgb_to_yuv(samples)
    else:
        planes = samples[:, :, [1, 2, 0]].transpose(2, 0, 1)
    skewed = [Skewed(lanes) for _ in planes]
    for target, plane in zip(skewed, planes, strict=True):
        target.fill(plane)

    def source(plane: int, wave: int, slots: slice, known: Sequence[Skewed]) -> NDArray[np.float64]:
        values = skewed[plane].view(wave, slots)
        return values - known[0].view(wave, slots) if colours == Colours.GREEN and plane else values

    return source


def join_planes(colours: Colours, planes: list[NDArray[np.int64]], depth: int) -> NDArray[Any]:
    """Samples (H, W, 1 or 3) of decoded planes."""
    samples: NDArray[Any]
    if colours == Colours.GRAY:
        samples = planes[0][:, :, None]
    elif colours == Colours.YUV:
        samples = yuv_to_rgb(np.stack(planes))
    else:
        green, blue, red = planes
        samples = np.stack([red + green, green, blue + green], axis=-1)
    return np.clip(samples, 0, (1 << depth) - 1).astype(np.uint8 if depth == 8 else np.uint16)
