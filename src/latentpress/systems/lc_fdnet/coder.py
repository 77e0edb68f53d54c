"""The planes of a tile as a stream: sub-image a wave by wave, then the steps."""

from __future__ import annotations

from functools import partial
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.colours import Colours, join_planes, plane_ranges, plane_source, planes_of
from latentpress.codecs.lossless.lanes import Lanes
from latentpress.codecs.lossless.stream import ResidualReader, ResidualWriter
from latentpress.codecs.lossless.tiles import Coded
from latentpress.codecs.lossless.walk import Walk
from latentpress.container import varint
from latentpress.errors import CorruptFileError
from latentpress.progress import part
from latentpress.systems.lc_fdnet.model import StepModel
from latentpress.systems.lc_fdnet.subimages import A, Grid
from latentpress.systems.lc_fdnet.walk import StepWalk, true_values

__all__ = ["StepCoder", "first_lanes"]

_LANE_ROWS = 64


def first_lanes(grid: Grid) -> Lanes:
    """The lanes of sub-image a."""
    height, width = grid.shape(A)
    return Lanes(height, width, max(1, (height + _LANE_ROWS // 2) // _LANE_ROWS))


_FIRST = 0.25  # of the pixels are in the first sub-image


class StepCoder:
    """Codes tiles of gray and of RGB samples and of mosaics without loss."""

    any_colours: ClassVar[bool] = False

    def __init__(self, model: StepModel) -> None:
        self._model = model

    def encode(self, colours: Colours, samples: NDArray[Any], depth: int, max_error: int, verify: bool) -> Coded:
        """The stream of a tile (H, W, 1, 3 or 4), and its samples as a decoder will have them."""
        grid, ranges = Grid(*samples.shape[:2]), plane_ranges(colours, depth)
        lanes = first_lanes(grid)
        source = plane_source(colours, samples[::2, ::2], lanes)
        small, rest = ResidualWriter(), ResidualWriter()
        with part(0, _FIRST):
            first = Walk(small, source, lanes, ranges, self._model.first, depth, 0).run()
        with part(_FIRST, 1):
            planes = StepWalk(
                rest, true_values(planes_of(colours, samples)), grid, ranges, self._model, depth, first
            ).run()
        stream = small.finish()
        stream, decoded = varint.encode(len(stream)) + stream + rest.finish(), join_planes(colours, planes, depth)
        height, width = samples.shape[:2]
        back = partial(self.decode, colours, memoryview(stream), height, width, depth, max_error)
        return Coded(stream, decoded, lambda: np.array_equal(back(), decoded))

    def decode(
        self, colours: Colours, data: memoryview, height: int, width: int, depth: int, max_error: int
    ) -> NDArray[Any]:
        """The samples of a tile. Raises CorruptFileError if the stream is certainly damaged."""
        if max_error or colours not in (Colours.GRAY, Colours.YUV, Colours.MOSAIC):
            raise CorruptFileError("the picture's data are damaged: sub-images of planes that have none")
        grid, ranges = Grid(height, width), plane_ranges(colours, depth)
        length, start = varint.decode(data, 0)
        if length > len(data) - start:
            raise CorruptFileError("the picture's data are damaged: a stream of the wrong length")
        small, rest = ResidualReader(data[start : start + length]), ResidualReader(data[start + length :])
        with part(0, _FIRST):
            first = Walk(small, None, first_lanes(grid), ranges, self._model.first, depth, 0).run()
        small.finish()
        with part(_FIRST, 1):
            planes = StepWalk(rest, None, grid, ranges, self._model, depth, first).run()
        rest.finish()
        return join_planes(colours, planes, depth)
