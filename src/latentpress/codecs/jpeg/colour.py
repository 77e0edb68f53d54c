"""Colours of JPEG files: which ones a file has, and the way from and to RGB in whole numbers, as libjpeg rounds."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg.markers import Structure
from latentpress.errors import UnsupportedError

__all__ = ["Colour", "ColourSpace", "colour_of"]

ColourSpace = Literal["gray", "ycc", "rgb", "cmyk", "ycck"]

_HALF = 1 << 15  # of factors in 1/65536


def colour_of(structure: Structure) -> ColourSpace:
    """The colours of a file: by the JFIF and Adobe segments, or else by the names of the components.

    Raises UnsupportedError for two components, which mean nothing by themselves.
    """
    ids = bytes(part.id for part in structure.frame.components)
    if len(ids) == 2:
        raise UnsupportedError("JPEG files of two components have no colours that are known")
    if len(ids) == 1:
        return "gray"
    if len(ids) == 4:
        return "cmyk" if structure.adobe in (None, 0) else "ycck"
    if structure.jfif or structure.adobe is not None:
        return "rgb" if not structure.jfif and structure.adobe == 0 else "ycc"
    return "rgb" if ids == b"RGB" else "ycc"


class Colour:
    """Stage: pixels (H, W, C), uint8, to the planes (H, W) that a file has of them, and back.

    Four channels are CMYK as files have it, mostly inverted (255 for no ink). Rounding loses two levels at most.
    """

    def __init__(self, space: ColourSpace) -> None:
        self._space = space

    def forward(self, pixels: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
        """The planes."""
        planes = list(np.moveaxis(pixels, 2, 0))
        if self._space == "ycck":
            return [*_to_ycc(*(255 - plane for plane in planes[:3])), planes[3]]
        return _to_ycc(*planes) if self._space == "ycc" else planes

    def inverse(self, planes: list[NDArray[np.uint8]]) -> NDArray[np.uint8]:
        """The pixels."""
        if self._space in ("ycc", "ycck"):
            rgb = _to_rgb(*planes[:3])
            planes = rgb if self._space == "ycc" else [*(255 - plane for plane in rgb), planes[3]]
        return np.stack(planes, axis=2)


def _fixed(value: float) -> int:
    return int(value * 65536 + 0.5)


def _to_ycc(*rgb: NDArray[Any]) -> list[NDArray[np.uint8]]:
    red, green, blue = (plane.astype(np.int32) for plane in rgb)
    luma = _fixed(0.299) * red + _fixed(0.587) * green + _fixed(0.114) * blue + _HALF
    middle = (128 << 16) + _HALF - 1
    first = middle - _fixed(0.16874) * red - _fixed(0.33126) * green + _HALF * blue
    second = middle + _HALF * red - _fixed(0.41869) * green - _fixed(0.08131) * blue
    return [(plane >> 16).astype(np.uint8) for plane in (luma, first, second)]


def _to_rgb(*ycc: NDArray[np.uint8]) -> list[NDArray[np.uint8]]:
    luma, (blueness, redness) = ycc[0].astype(np.int32), (plane.astype(np.int32) - 128 for plane in ycc[1:])
    red = luma + ((_fixed(1.402) * redness + _HALF) >> 16)
    green = luma + ((_HALF - _fixed(0.34414) * blueness - _fixed(0.71414) * redness) >> 16)
    blue = luma + ((_fixed(1.772) * blueness + _HALF) >> 16)
    return [np.clip(plane, 0, 255).astype(np.uint8) for plane in (red, green, blue)]
