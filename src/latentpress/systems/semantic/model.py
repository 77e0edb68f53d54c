"""`SemanticModel`: the package: centres of classes, their tables, weights for latents, filters."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.models import PackageModel
from latentpress.codecs.ports import Port, checksum
from latentpress.entropy import ProbabilityTables
from latentpress.systems.semantic.layout import CELL, CLASSES, HALVED, REACH, RUNGS, TAPS
from latentpress.systems.semantic.maps import CONTEXTS, code_map
from latentpress.systems.semantic.segmenter import Map, settled

__all__ = ["CELLS", "Classes", "SemanticModel", "neighbourhood", "patches"]

Float = NDArray[np.float32]

CELLS = 16 * HALVED // CELL
"""Cells along the side of what a latent of the small picture stands for."""

_SIXTEENTHS = 16


@dataclass(frozen=True)
class Classes:
    """A map (h, w) that a stream holds."""

    map: Map

    def check(self, number: int) -> bytes:
        """See `Exact.check`."""
        return checksum(number, self.map)


class SemanticModel(PackageModel):
    """centres (CLASSES, 4); counts and radius of `code_map`; weights (RUNGS, CLASSES * CELLS^2, 2 M + 1) in whole
    numbers; filters (CLASSES + 1, 2, 4, TAPS), of luma and chroma, the last of any class.
    """

    def read(self, config: Mapping[str, Any], tables: Mapping[str, NDArray[Any]]) -> None:
        """See `PackageModel.read`."""
        self.centres = tables["centres"].astype(np.int64)
        self.tables = ProbabilityTables(tables["counts"], tables["radius"])
        self._weights, self._filters = tables["weights"], tables["filters"].astype(np.float32)
        if (
            self.centres.shape != (CLASSES, 4)
            or len(self.tables) != CONTEXTS
            or self._weights.shape[:2] != (len(RUNGS), CLASSES * CELLS**2)
            or self._filters.shape != (CLASSES + 1, 2, HALVED**2, TAPS)
        ):
            raise ValueError("its arrays do not fit together")

    def code(self, port: Port, shape: tuple[int, int], wanted: Map | None) -> Classes:
        """Code a map."""
        return Classes(code_map(port, wanted, shape, self.tables))

    def foretold(self, values: Float, rung: int, shape: tuple[int, int]) -> Map:
        """The map that both sides find in the latents (M, h, w) of the small picture, in whole numbers: for each cell
        the class with the largest weighted sum. rung: whose weights of `RUNGS`.
        """
        seen = neighbourhood(values)
        # whole numbers in double precision, sums below 2^53: exact in any order
        scores = (self._weights[rung].astype(np.float64) @ seen.reshape(len(seen), -1)).reshape(
            CLASSES, CELLS, CELLS, *values.shape[1:]
        )
        height, width = values.shape[1:]
        cells = scores.transpose(0, 3, 1, 4, 2).reshape(CLASSES, height * CELLS, width * CELLS)
        return settled(cells.argmax(axis=0).astype(np.uint8)[: shape[0], : shape[1]])

    def enlarged(self, ycc: Float, classes: Map | None, height: int, width: int) -> Float:
        """Small planes Y, Cb, Cr (3, h, w) to (3, height, width), each place by the filters of its class."""
        down, across = ycc.shape[1:]
        whole = np.zeros((3, down, across, HALVED**2), np.float32)
        kinds = np.full((down, across), CLASSES, np.intp)
        if classes is not None:
            side = CELL // HALVED
            kinds[:] = classes.repeat(side, 0).repeat(side, 1)[:down, :across]
        seen = patches(ycc)
        for kind in np.unique(kinds):
            here = kinds == kind
            for plane in range(3):
                middle = ycc[plane][here][:, None]
                part = seen[plane][here] - middle
                whole[plane][here] = middle + part @ self._filters[kind, min(plane, 1)].T
        full = whole.reshape(3, down, across, HALVED, HALVED).transpose(0, 1, 3, 2, 4)
        return full.reshape(3, HALVED * down, HALVED * across)[:, :height, :width]


def neighbourhood(values: Float) -> NDArray[np.float64]:
    """What classes are told by: latents (M, h, w) in sixteenths, sums of their four neighbours, and one:
    (2 M + 1, h, w).
    """
    whole = np.rint(values.astype(np.float64) * _SIXTEENTHS)
    around = np.pad(whole, ((0, 0), (1, 1), (1, 1)), mode="edge")
    near = around[:, :-2, 1:-1] + around[:, 2:, 1:-1] + around[:, 1:-1, :-2] + around[:, 1:-1, 2:]
    return np.concatenate([whole, near, np.full((1, *whole.shape[1:]), float(_SIXTEENTHS))])


def patches(planes: Float) -> Float:
    """The TAPS pixels around each of planes (n, h, w), at edges the nearest: (n, h, w, TAPS)."""
    height, width = planes.shape[1:]
    padded = np.pad(planes, ((0, 0), (REACH, REACH), (REACH, REACH)), mode="edge")
    side = 2 * REACH + 1
    return np.stack([padded[:, y : y + height, x : x + width] for y in range(side) for x in range(side)], axis=-1)
