"""`ImportanceCodec`: an autoencoder that says for each place how many bit planes it is worth."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.base import check_quality
from latentpress.codecs.packing import colour_of
from latentpress.codecs.roi import Roi
from latentpress.codecs.rounding import Rounding, rate_and_weight
from latentpress.codecs.tiled import TiledCodec, Window
from latentpress.codecs.tiles import Grid
from latentpress.container import Chunk, Header
from latentpress.image import Image
from latentpress.models import ModelPackage
from latentpress.systems.importance_map.model import ImportanceModel, open_model
from latentpress.systems.importance_map.quantiser import Coefficients, quantise, values_of
from latentpress.systems.importance_map.stream import decode_tile, encode_tile

__all__ = ["ImportanceCodec"]

Float = NDArray[np.float32]

_PLANE = 6.0206  # dB: half the step


class ImportanceCodec(TiledCodec[ImportanceModel]):
    """Learned lossy codec: an autoencoder with an importance map that trims bit planes, and a bit-plane coder.

    model: name of an installed model package or path of a package's folder; None takes the default. A file is decoded
    with the model that it names. engine: ``onnx`` (ONNX Runtime) or ``torch``; threads: None for one a core; dtype:
    ``float32``, or ``float64`` with torch. Every engine reads the same coefficients from a file. Pictures of more than
    about 2 megapixels are coded in tiles.
    """

    id: ClassVar[str] = "importance-map"
    regions: ClassVar[bool] = True
    largest_tile = 2**14  # a plane costs a network call on all of a tile

    def __init__(
        self, model: str | None = None, engine: str = "onnx", threads: int | None = None, dtype: str = "float32"
    ) -> None:
        super().__init__(model=model, engine=engine, threads=threads, dtype=dtype)

    def encode(self, image: Image, quality: float = 50.0, *, roi: Roi | None = None) -> bytes:
        """Compress; see `Codec.encode`. Quality is continuous. roi: places that keep more bit planes."""
        grid = self._grid(image)
        raised = None if roi is None else _planes(roi.fits(image.width, image.height))
        model = self._open(self._package, len(grid.tiles))
        rate, weight = rate_and_weight(check_quality(quality), model.last_rate)
        rounding = Rounding(model.magnitude_bits, weight)

        def encode(window: Window) -> bytes:
            latents = model.analysis(window.planes, model.mix(rate))[0]
            latents = np.ascontiguousarray(latents[(slice(None), *window.inside)])
            more = None if raised is None else raised[window.tile.rows, window.tile.columns]
            return encode_tile(model, quantise(model, latents, rate, rounding, more), rate, window.number)

        return self._file(image, colour_of(image), model, grid, rate, encode)

    def decode_coefficients(self, data: bytes) -> tuple[Header, list[Coefficients], ImportanceModel]:
        """The exact part of decoding: header, the integers of each tile, the same on every machine, and the model that
        the file names. Raises as `decode` does.
        """
        header, _, grid, streams, model = self._taken_apart(data)
        parts = [
            decode_tile(model, bytes(stream), header.rate, *tile.shape, number)
            for number, (tile, stream) in enumerate(zip(grid.tiles, streams, strict=True))
        ]
        return header, parts, model

    def _reader(
        self, model: ImportanceModel, header: Header, chunks: Sequence[Chunk], grid: Grid
    ) -> Callable[[bytes, int, int, int], Float]:
        def read(stream: bytes, height: int, width: int, number: int) -> Float:
            return values_of(decode_tile(model, stream, header.rate, height, width, number), model.pyramid)

        return read

    def _load(self, package: ModelPackage, threads: int | None, keep_memory: bool, **more: Any) -> ImportanceModel:
        return open_model(package, self._config["engine"], threads, self._config["dtype"], keep_memory)


def _planes(roi: Roi) -> NDArray[np.float32]:
    """Planes that each place keeps more: one for 6 dB."""
    planes: NDArray[np.float32] = np.floor(roi.decibels(ImportanceModel.stride) / _PLANE + np.float32(0.5))
    return planes
