"""The planes of a tile as a stream: sub-image a wave by wave, then the nine steps."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.colours import Colours, join_planes, plane_ranges, plane_source
from latentpress.codecs.lossless.lanes import Lanes
from latentpress.codecs.lossless.stream import ResidualReader, ResidualWriter
from latentpress.codecs.lossless.walk import Expected, decode_tile, encode_tile
from latentpress.container import varint
from latentpress.errors import CorruptFileError
from latentpress.image.colour import rgb_to_yuv
from latentpress.systems.lc_fdnet.model import StepModel
from latentpress.systems.lc_fdnet.subimages import A, Grid, Sheet
from latentpress.systems.lc_fdnet.walk import Batch, StepWalk

__all__ = ["StepCoder", "first_lanes", "planes_of", "true_values"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_LANE_ROWS = 64


def first_lanes(grid: Grid) -> Lanes:
    """The lanes of sub-image a."""
    height, width = grid.shape(A)
    return Lanes(height, width, max(1, (height + _LANE_ROWS // 2) // _LANE_ROWS))


def planes_of(samples: NDArray[Any]) -> list[NDArray[Any]]:
    """Y, U, V of samples (H, W, 3), or the one plane of gray ones."""
    return list(rgb_to_yuv(samples)) if samples.shape[2] == 3 else [samples[:, :, 0]]


def true_values(sheet: Sheet, batch: Batch) -> Integers:
    """The values of a batch, from a sheet of all pixels."""
    rows = sheet.grid.rows(batch.position, batch.r)
    lane, column = np.divmod(batch.chosen, sheet.grid.columns)
    return sheet.inside(batch.position)[rows][lane, column].astype(np.int64)


class StepCoder:
    """Codes tiles of gray and of RGB samples without loss."""

    def __init__(self, model: StepModel) -> None:
        self._model = model

    def encode(self, colours: Colours, samples: NDArray[Any], depth: int, max_error: int) -> tuple[bytes, NDArray[Any]]:
        """The stream of a tile (H, W, 1 or 3), and its samples as a decoder will have them."""
        grid, ranges = Grid(*samples.shape[:2]), plane_ranges(colours, depth)
        lanes = first_lanes(grid)
        source = plane_source(colours, samples[::2, ::2], lanes)
        stream, first = encode_tile(source, lanes, ranges, self._model.first, depth, 0)
        walk = _Encoder(planes_of(samples), grid, ranges, self._model, depth, first)
        walk.run()
        data = varint.encode(len(stream)) + stream + walk.stream.finish()
        return data, join_planes(colours, walk.planes(), depth)

    def decode(
        self, colours: Colours, data: memoryview, height: int, width: int, depth: int, max_error: int
    ) -> NDArray[Any]:
        """The samples of a tile. Raises CorruptFileError if the stream is certainly damaged."""
        if max_error or colours not in (Colours.GRAY, Colours.YUV):
            raise CorruptFileError("the picture's data are damaged: sub-images of planes that have none")
        grid, ranges = Grid(height, width), plane_ranges(colours, depth)
        length, start = varint.decode(data, 0)
        if length > len(data) - start:
            raise CorruptFileError("the picture's data are damaged: a stream of the wrong length")
        first = decode_tile(data[start : start + length], first_lanes(grid), ranges, self._model.first, depth, 0)
        walk = _Decoder(data[start + length :], grid, ranges, self._model, depth, first)
        walk.run()
        walk.stream.finish()
        return join_planes(colours, walk.planes(), depth)


class _Encoder(StepWalk):
    def __init__(self, true: list[NDArray[Any]], *arguments: Any) -> None:
        super().__init__(*arguments)
        self._true = [Sheet.of(plane) for plane in true]
        self.stream = ResidualWriter()

    def code(self, batch: Batch, expected: Expected) -> tuple[NDArray[np.int32], Integers]:
        residuals = (true_values(self._true[batch.plane], batch) - expected.centre) * expected.sign
        return self.stream.write(self.alphabets[batch.plane], residuals, expected.rows), residuals


class _Decoder(StepWalk):
    def __init__(self, stream: memoryview, *arguments: Any) -> None:
        super().__init__(*arguments)
        self.stream = ResidualReader(stream)

    def code(self, batch: Batch, expected: Expected) -> tuple[NDArray[np.int32], Integers]:
        return self.stream.read(self.alphabets[batch.plane], expected.rows)
