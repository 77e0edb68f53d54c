"""The planes of a tile as a stream, all by the walk in waves."""

from __future__ import annotations

from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.colours import Colours, join_planes, plane_ranges, plane_source
from latentpress.codecs.lossless.distributions import ReadBack
from latentpress.codecs.lossless.model import Model
from latentpress.codecs.lossless.stream import ResidualReader, ResidualWriter
from latentpress.codecs.lossless.tiles import Coded
from latentpress.codecs.lossless.walk import Walk, lanes_of

__all__ = ["WaveCoder"]


class WaveCoder:
    """Codes tiles of every kind, lossless and near-lossless; a `latentpress.codecs.lossless.tiles.PlaneCoder`.

    drawn, mixed: see `latentpress.codecs.lossless.distributions`. threads: that work on a tile.
    """

    any_colours: ClassVar[bool] = True

    def __init__(self, model: Model, drawn: bool = False, mixed: bool = False, threads: int = 1) -> None:
        self._model, self._how = model, (drawn, mixed, threads)

    def encode(self, colours: Colours, samples: NDArray[Any], depth: int, max_error: int, verify: bool) -> Coded:
        """The stream of a tile (H, W, channels), and its samples as a decoder will have them. To check the stream,
        residuals are read back; samples are those that the walk itself gives.
        """
        lanes = lanes_of(*samples.shape[:2])
        source, ranges = plane_source(colours, samples, lanes), plane_ranges(colours, depth)
        writer, coded = ResidualWriter(), ReadBack() if verify else None
        planes = Walk(writer, source, lanes, ranges, self._model, depth, max_error, *self._how, coded).run()
        stream = writer.finish()

        def reads_back() -> bool:
            reader = ResidualReader(memoryview(stream))
            same = coded is None or coded.compare(reader)
            reader.finish()
            return same

        return Coded(stream, join_planes(colours, planes, depth), reads_back)

    def decode(
        self, colours: Colours, data: memoryview, height: int, width: int, depth: int, max_error: int
    ) -> NDArray[np.unsignedinteger[Any]]:
        """The samples of a tile. Raises CorruptFileError if the stream is certainly damaged."""
        lanes, ranges, reader = lanes_of(height, width), plane_ranges(colours, depth), ResidualReader(data)
        planes = Walk(reader, None, lanes, ranges, self._model, depth, max_error, *self._how).run()
        reader.finish()
        return join_planes(colours, planes, depth)
