"""JPEG files as networks may read them: after entropy decoding, after dequantisation, or as pixels."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.jpeg import JpegFile
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.transforms import inverse_block_dct
from latentpress.transforms.blocks import zigzag

__all__ = ["LEVELS", "as_blocks", "as_planes", "dequantised", "planes_of", "quantised"]

LEVELS = ("quantised", "dequantised", "pixels")
"""How far a file is decompressed."""

Float = NDArray[np.float32]


def quantised(file: JpegFile) -> list[NDArray[np.int16]]:
    """What entropy decoding gives: of each component (rows, columns, 8, 8), vertical frequency first."""
    found = []
    for plane in file.planes:
        blocks = np.empty_like(plane.coefficients)
        blocks[:, :, zigzag(8)] = plane.coefficients
        found.append(blocks.reshape(*blocks.shape[:2], 8, 8))
    return found


def dequantised(file: JpegFile, levels: Sequence[NDArray[np.int16]] | None = None) -> list[Float]:
    """DCT coefficients: what `quantised` gives (or ``levels``, so that it need not be done again) times the steps."""
    found = []
    for plane, blocks in zip(file.planes, quantised(file) if levels is None else levels, strict=True):
        steps = np.empty(64, np.float32)
        steps[zigzag(8)] = plane.table
        found.append(blocks * steps.reshape(8, 8))
    return found


def planes_of(file: JpegFile, level: str) -> list[Float]:
    """A JPEG file at one of `LEVELS`: of each component a plane (8 rows, 8 columns) float32, filled up to whole blocks.

    Coefficients stand where the samples of their block would; samples are those of Y, Cb and Cr minus 128, in the
    file's own subsampling, not rounded. Raises InvalidInputError for an unknown level.
    """
    if level not in LEVELS:
        raise InvalidInputError(f"level is one of {', '.join(LEVELS)}, not {level!r}")
    levels = quantised(file)
    if level == "quantised":
        return [as_planes(blocks.astype(np.float32)) for blocks in levels]
    coefficients = dequantised(file, levels)
    return [inverse_block_dct(one) if level == "pixels" else as_planes(one) for one in coefficients]


def as_planes(blocks: NDArray[Any]) -> NDArray[Any]:
    """Blocks (..., rows, columns, 8, 8) side by side: (..., 8 rows, 8 columns)."""
    *front, rows, columns, _, _ = blocks.shape
    return np.ascontiguousarray(blocks.swapaxes(-3, -2)).reshape(*front, 8 * rows, 8 * columns)


def as_blocks(planes: NDArray[Any]) -> NDArray[Any]:
    """Planes (..., C, H, W) with a channel for each place in a block: (..., 64 C, H / 8, W / 8).

    Raises UnsupportedError for sides that are no multiples of 8.
    """
    *front, channels, height, width = planes.shape
    if height % 8 or width % 8:
        raise UnsupportedError(f"blocks are 8x8; {width}x{height} is not made of them")
    parts = np.moveaxis(planes.reshape(*front, channels, height // 8, 8, width // 8, 8), (-3, -1), (-4, -3))
    return np.ascontiguousarray(parts).reshape(*front, 64 * channels, height // 8, width // 8)
