"""A restorer's network from its model package, run over a picture in tiles."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

from latentpress.engine import load
from latentpress.errors import CorruptFileError
from latentpress.models import ModelPackage, find_model
from latentpress.progress import steps
from latentpress.restoration.calibration import (
    CELL,
    QUALITY,
    SHIFT,
    cell_sums,
    code_again,
    flat_counts,
    gains_of,
    patterned,
    spread,
)
from latentpress.restoration.tables import Quantisation, describe
from latentpress.transforms.colour import to_rgb, to_ycc

__all__ = ["CODEC", "NETWORK", "Restorer"]

CODEC = "restore"
"""What a restorer's model package names as its codec."""

NETWORK = "restorer"
"""Name of the network in the package."""

_TILE = 640
"""Side of a tile in pixels, a multiple of 64; a tile is computed with a margin, so that there is no seam. A picture of
no more pixels is one tile, whatever its shape.
"""

_SMALLEST = 24
"""A side in pixels under which a picture has no second grid to speak of."""


class Restorer:
    """A network that takes JPEG artefacts away: ``Restorer(model="restore-2", threads=2)``.

    model: a model package, or its name or folder, None for the default. threads: of the CPU, None for all. engine:
    "onnx" or "torch", with ``dtype`` "float32" or "float64". Raises UnsupportedError if the model is not installed,
    CorruptFileError if it is damaged.
    """

    def __init__(
        self,
        model: str | ModelPackage | None = None,
        *,
        threads: int | None = None,
        engine: str = "onnx",
        dtype: str = "float32",
    ) -> None:
        self.package = model if isinstance(model, ModelPackage) else find_model(CODEC, name=model)
        try:
            self._multiple, self._margin = (int(self.package.config[key]) for key in ("multiple", "margin"))
        except (KeyError, TypeError, ValueError):
            raise CorruptFileError(
                f"model package {self.package.folder} is no restorer: its config lacks sizes"
            ) from None
        self._network = load(self.package.network(NETWORK), engine, threads, dtype=dtype)

    def restore(
        self,
        pixels: NDArray[np.uint8],
        quantisation: Quantisation,
        *,
        phase: tuple[int, int] = (0, 0),
        strength: float = 1.0,
        tile: int = _TILE,
        calibrated: bool = True,
        patterns: bool | None = None,
    ) -> NDArray[np.uint8]:
        """(H, W, 3) RGB or (H, W, 1) gray of a decoded JPEG, restored.

        phase: rows and columns before the first whole 16x16 unit. strength: share of the correction that is applied,
        0..1. tile: side of the tiles, a multiple of 64; the result does not depend on it but for float rounding.

        At high qualities, and in pictures of patterns, the share is made smaller where the picture gives no reason to
        trust the network (`latentpress.restoration.calibration`), which takes as long again, or for patterns a third of
        that; not if not ``calibrated``. patterns: whether it is such a picture, None to look.
        """
        values = {name: v for name, v in describe([quantisation]).items() if name in self._network.input_names}
        top, left = (-first % 16 for first in phase)
        if top or left:
            pixels = np.pad(pixels, ((top, 0), (left, 0), (0, 0)), mode="edge")
        gains = None
        doubtful = calibrated and (
            quantisation.quality >= QUALITY or (patterned(pixels) if patterns is None else patterns)
        )
        if doubtful and min(pixels.shape[:2]) >= _SMALLEST:
            gains = self._gains(pixels[SHIFT:, SHIFT:], quantisation, values)
        result = np.empty_like(pixels)
        tiles = list(_tiles(pixels, tile))
        for rows, columns in steps(tiles, len(tiles)):
            grown, inner = _window(pixels, rows, columns, self._margin)
            ycc, correction = self._correction(pixels[grown], values)
            share = strength if gains is None else strength * spread(gains, rows, columns)
            rgb = to_rgb(ycc[:, *inner] + share * correction[:, *inner], pixels.shape[2])
            np.rint(rgb, out=rgb)
            np.clip(rgb, 0, 255, out=rgb)
            result[rows, columns] = rgb
        return np.ascontiguousarray(result[top:, left:])

    def _gains(
        self, pixels: NDArray[np.uint8], quantisation: Quantisation, values: dict[str, NDArray[np.float32]]
    ) -> NDArray[np.float32]:
        """(3, rows, columns): the share of the correction in each cell that does good when these pixels are coded.

        Patterns are found in most of a picture, so that bands of it tell enough: each cell sees one beside it. In good
        JPEGs a drawing can stand beside a photograph, and all of the picture is looked at.
        """
        good = quantisation.quality >= QUALITY
        cells = [-(-side // CELL) for side in pixels.shape[:2]]
        sums, flat = np.zeros((2, 3, *cells)), np.zeros((2, *cells))
        for rows, columns in _tiles(pixels, _TILE) if good else _bands(pixels):
            grown, inner = _window(pixels, rows, columns, self._margin if good else 0)
            again, correction = self._correction(code_again(pixels[grown], quantisation), values)
            wanted = to_ycc(pixels[rows, columns]) - again[:, *inner]
            found = cell_sums(wanted, correction[:, *inner])
            y, x = rows.start // CELL, columns.start // CELL
            place = (..., slice(y, y + found.shape[2]), slice(x, x + found.shape[3]))
            sums[place], flat[place] = found, flat_counts(pixels[rows, columns])
        return gains_of(sums, flat if good else None)

    def _correction(
        self, window: NDArray[np.uint8], values: dict[str, NDArray[np.float32]]
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """(3, H, W) Y, Cb, Cr of a window, its edges repeated to what the network takes, and the network's answer."""
        fill = [(0, -side % self._multiple) for side in window.shape[:2]]
        ycc = to_ycc(np.pad(window, (*fill, (0, 0)), mode="edge"))
        return ycc, self._network(pixels=ycc[None], **values)["correction"][0]


def _tiles(pixels: NDArray[np.uint8], side: int) -> Iterator[tuple[slice, slice]]:
    """Rows and columns of each tile."""
    height, width = pixels.shape[:2]
    side = max(height, width) if height * width <= side * side else side
    for y in range(0, height, side):
        for x in range(0, width, side):
            yield slice(y, min(y + side, height)), slice(x, min(x + side, width))


def _bands(pixels: NDArray[np.uint8]) -> Iterator[tuple[slice, slice]]:
    """Tiles of a cell's height, one in three, so that every cell has one above it, below it or in its row."""
    height, width = pixels.shape[:2]
    last = -(-height // CELL) - 1
    for row in sorted({min(row, last) for row in range(1, last + 2, 3)}):
        for x in range(0, width, _TILE * 2):
            yield slice(row * CELL, min((row + 1) * CELL, height)), slice(x, min(x + _TILE * 2, width))


def _window(
    pixels: NDArray[np.uint8], rows: slice, columns: slice, margin: int
) -> tuple[tuple[slice, slice], tuple[slice, slice]]:
    """A tile with the margin around it, and where the tile is in that."""
    parts = list(zip((rows, columns), pixels.shape[:2], strict=True))
    grown = [slice(max(p.start - margin, 0), min(p.stop + margin, side)) for p, side in parts]
    inner = [slice(p.start - g.start, p.stop - g.start) for (p, _), g in zip(parts, grown, strict=True)]
    return (grown[0], grown[1]), (inner[0], inner[1])
