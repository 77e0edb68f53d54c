"""A restorer's network from its model package, run over a picture in tiles."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.engine import load
from latentpress.errors import CorruptFileError
from latentpress.models import ModelPackage, find_model
from latentpress.restoration.colour import to_rgb, to_ycc
from latentpress.restoration.tables import Quantisation, describe

__all__ = ["CODEC", "NETWORK", "Restorer"]

CODEC = "restore"
"""What a restorer's model package names as its codec."""

NETWORK = "restorer"
"""Name of the network in the package."""

_TILE = 640
"""Side of a tile in pixels; a tile is computed with a margin, so that there is no seam."""


class Restorer:
    """A network that takes JPEG artefacts away: ``Restorer(model="restore-1", threads=2)``.

    model: name or folder of a model package, None for the default. threads: of the CPU, None for all. engine: "onnx"
    or "torch". Raises UnsupportedError if the model is not installed, CorruptFileError if it is damaged.
    """

    def __init__(self, model: str | None = None, *, threads: int | None = None, engine: str = "onnx") -> None:
        self.package: ModelPackage = find_model(CODEC, name=model)
        try:
            self._multiple, self._margin = (int(self.package.config[key]) for key in ("multiple", "margin"))
        except (KeyError, TypeError, ValueError):
            raise CorruptFileError(
                f"model package {self.package.folder} is no restorer: its config lacks sizes"
            ) from None
        self._network = load(self.package.network(NETWORK), engine, threads)

    def restore(
        self,
        pixels: NDArray[np.uint8],
        quantisation: Quantisation,
        *,
        phase: tuple[int, int] = (0, 0),
        strength: float = 1.0,
        tile: int = _TILE,
    ) -> NDArray[np.uint8]:
        """(H, W, 3) RGB or (H, W, 1) gray of a decoded JPEG, restored.

        phase: rows and columns before the first whole 16x16 unit. strength: share of the correction that is applied,
        0..1. tile: side of the tiles, a multiple of 16; the result does not depend on it but for float rounding.
        """
        values = {name: v for name, v in describe([quantisation]).items() if name in self._network.input_names}
        top, left = (-first % 16 for first in phase)
        if top or left:
            pixels = np.pad(pixels, ((top, 0), (left, 0), (0, 0)), mode="edge")
        height, width = pixels.shape[:2]
        result = np.empty_like(pixels)
        for y in range(0, height, tile):
            for x in range(0, width, tile):
                rows, columns = slice(y, min(y + tile, height)), slice(x, min(x + tile, width))
                result[rows, columns] = self._tile(pixels, rows, columns, values, strength)
        return np.ascontiguousarray(result[top:, left:])

    def _tile(
        self,
        pixels: NDArray[np.uint8],
        rows: slice,
        columns: slice,
        values: dict[str, NDArray[np.float32]],
        strength: float,
    ) -> NDArray[np.uint8]:
        """A tile of the result, computed from the picture around it."""
        grown = [
            slice(max(part.start - self._margin, 0), min(part.stop + self._margin, side))
            for part, side in zip((rows, columns), pixels.shape[:2], strict=True)
        ]
        window = pixels[grown[0], grown[1]]
        fill = [(0, -side % self._multiple) for side in window.shape[:2]]
        ycc = to_ycc(np.pad(window, (*fill, (0, 0)), mode="edge"))
        ycc += strength * self._network(pixels=ycc[None], **values)["correction"][0]
        inner = [
            slice(part.start - whole.start, part.stop - whole.start)
            for part, whole in zip((rows, columns), grown, strict=True)
        ]
        rgb = to_rgb(ycc[:, inner[0], inner[1]], pixels.shape[2])
        np.rint(rgb, out=rgb)
        np.clip(rgb, 0, 255, out=rgb)
        return rgb.astype(np.uint8)
