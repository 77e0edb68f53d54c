"""Regions of interest: where in a picture quality should be higher than elsewhere."""

from __future__ import annotations

import zlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Real
from typing import Any, TypeAlias

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.base import Region
from latentpress.container import INTEREST, Chunk
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.image import Image

__all__ = ["MAP_LIMIT", "STRENGTH", "STRONGEST", "Roi", "RoiLike", "mask_of", "pack_map", "unpack_map"]

RoiLike: TypeAlias = (
    "Roi | Region | tuple[int, int, int, int] | Sequence[Region | tuple[int, int, int, int]] | NDArray[Any]"
)
"""What says where quality should be higher: a `Roi`, a rectangle or several, or a mask."""

STRENGTH = 12.0
"""Decibels by which quantisation is finer inside a region of interest than outside, if nothing else is said."""

STRONGEST = 18.0
"""The most that `Roi` takes."""

MAP_LIMIT = 24
"""Steps of a map in a file are in -24..24."""


@dataclass(frozen=True, eq=False)
class Roi:
    """How much each pixel matters. weights (height, width): 0 (nothing special) to 1 (of interest), float32. strength:
    how much finer a weight of 1 is quantised than one of 0, in decibels, above 0 and at most 18.

    Raises InvalidInputError for weights of another shape or range, or a strength out of range.
    """

    weights: NDArray[np.float32]
    strength: float = STRENGTH

    def __post_init__(self) -> None:
        weights = np.asarray(self.weights, np.float32)
        if weights.ndim != 2 or not weights.size or not (weights.min() >= 0 and weights.max() <= 1):
            raise InvalidInputError("a mask of interest must be one plane of weights from 0 to 1")
        good = isinstance(self.strength, int | float) and not isinstance(self.strength, bool)
        if not good or not 0 < self.strength <= STRONGEST:
            raise InvalidInputError(f"roi strength must be above 0 and at most {STRONGEST:g} dB, not {self.strength!r}")
        object.__setattr__(self, "weights", weights)

    @classmethod
    def of(
        cls,
        width: int,
        height: int,
        regions: Iterable[Region] = (),
        mask: NDArray[Any] | None = None,
        strength: float = STRENGTH,
    ) -> Roi:
        """The interest in a picture of that size: rectangles, and a mask (height, width): bool, uint8 (0 to 255), or
        float (0 to 1). Raises InvalidInputError for a mask of another size or kind, or a region outside the picture.
        """
        weights = np.zeros((height, width), np.float32)
        if mask is not None:
            weights += _weights_of(np.asarray(mask), height, width)
        for region in regions:
            region.inside(width, height)
            weights[region.rows, region.columns] = 1
        return cls(weights, strength)

    @classmethod
    def like(cls, interest: RoiLike, width: int, height: int) -> Roi:
        """What a caller has named, for a picture of that size; raises InvalidInputError if it does not fit."""
        if isinstance(interest, Roi):
            return interest.fits(width, height)
        if isinstance(interest, np.ndarray):
            return cls.of(width, height, mask=interest)
        if not isinstance(interest, Iterable) or any(isinstance(part, Real) for part in interest):
            interest = [Region.like(interest)]
        return cls.of(width, height, map(Region.like, interest))

    def fits(self, width: int, height: int) -> Roi:
        """Itself; raises InvalidInputError unless it is for a picture of that size."""
        if self.weights.shape != (height, width):
            raise InvalidInputError(
                f"a mask of interest of {self.weights.shape[1]} x {self.weights.shape[0]} does not fit a picture of "
                f"{width} x {height}"
            )
        return self

    def decibels(self, unit: int) -> NDArray[np.float32]:
        """How much finer than usual each square of ``unit`` pixels is to be quantised, in decibels (rows, columns).

        One of interest by half the strength, the rest coarser by as much: a network that is told a high rate shows
        fine detail where there is some, and loses little where there is none. Where nothing is of interest all is as
        usual. A square counts as its most interesting pixel. Around, the interest falls to half and then to a quarter,
        so that a region has a soft edge.
        """
        height, width = self.weights.shape
        padded = np.pad(self.weights, ((0, -height % unit), (0, -width % unit)), mode="edge")
        soft: NDArray[np.float32] = padded.reshape(padded.shape[0] // unit, unit, -1, unit).max(axis=(1, 3))
        if not soft.any():
            return soft
        for _ in range(2):
            soft = np.maximum(soft, 0.5 * _widened(soft))
        decibels: NDArray[np.float32] = ((soft - 0.5) * self.strength).astype(np.float32)
        return decibels


def mask_of(picture: Image) -> NDArray[np.float64]:
    """Weights (height, width), 0..1, of a mask that is a picture: the brighter, the more interest."""
    colours = picture.pixels[:, :, : picture.channels - picture.has_alpha]
    weights: NDArray[np.float64] = colours.mean(axis=2) / picture.peak
    return weights


def pack_map(steps: NDArray[np.int8] | None) -> list[Chunk]:
    """The chunk of a map of interest, if there is one."""
    return [] if steps is None else [Chunk(INTEREST, zlib.compress(steps.tobytes(), 9))]


def unpack_map(chunks: Sequence[Chunk], height: int, width: int) -> NDArray[np.int8] | None:
    """The map (height, width) of a file, or None. Raises CorruptFileError when it is damaged."""
    found = [chunk.payload for chunk in chunks if chunk.kind == INTEREST]
    if not found:
        return None
    inflater = zlib.decompressobj()
    try:
        raw = inflater.decompress(found[0], height * width)
    except zlib.error as error:
        raise CorruptFileError("the map of interest is damaged") from error
    whole = inflater.eof and not inflater.unused_data and len(raw) == height * width
    steps = np.frombuffer(raw, np.int8)
    if len(found) > 1 or not whole or np.abs(steps.astype(np.int16)).max() > MAP_LIMIT:
        raise CorruptFileError("the map of interest is damaged")
    return steps.reshape(height, width)


def _widened(cells: NDArray[np.float32]) -> NDArray[np.float32]:
    """The largest of each cell and its eight neighbours."""
    height, width = cells.shape
    padded = np.pad(cells, 1, mode="edge")
    around = np.stack([padded[i : i + height, j : j + width] for i in range(3) for j in range(3)])
    largest: NDArray[np.float32] = around.max(axis=0)
    return largest


def _weights_of(mask: NDArray[Any], height: int, width: int) -> NDArray[np.float32]:
    if mask.shape != (height, width):
        raise InvalidInputError(
            f"a mask of interest must be one plane of {width} x {height}, not of shape {mask.shape}"
        )
    if mask.dtype == np.uint8:
        return mask.astype(np.float32) / np.float32(255)
    if mask.dtype == np.bool_ or np.issubdtype(mask.dtype, np.floating):
        return mask.astype(np.float32)
    raise InvalidInputError(f"a mask of interest must be bool, uint8 or float, not {mask.dtype}")
