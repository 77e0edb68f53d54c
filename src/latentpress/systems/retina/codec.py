"""`RetinaCodec`: rows of tissue by another codec, levels for all others."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np

from latentpress.codecs.plain import Nothing
from latentpress.codecs.ports import CHECK_BYTES, checksum
from latentpress.codecs.predicted import Described, PredictingCodec, Shown, as_samples, middle_grey
from latentpress.container import Chunk, Header, layers_of, varint
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.image import Image
from latentpress.systems.retina.scan import despeckled, tissue_rows

__all__ = ["RetinaCodec"]


class RetinaCodec(PredictingCodec):
    """Lossy codec for scans of the retina by OCT, after Guo 2020: speckle is smoothed, rows without tissue are levels.

    despeckle: whether speckle is smoothed. What is gray and looks like a scan is treated as one; any other picture is
    left to `hyperprior` as it is. Rows of tissue are coded by that codec too. For other settings see `PredictingCodec`.
    """

    id: ClassVar[str] = "retina"
    takes: ClassVar[frozenset[str]] = (PredictingCodec.takes - {"model"}) | {"despeckle"}

    def __init__(
        self, engine: str = "onnx", threads: int | None = None, dtype: str = "float32", despeckle: bool = True
    ) -> None:
        self._config = {"engine": engine, "threads": threads, "dtype": dtype, "despeckle": despeckle}

    def describe(self, image: Image, quality: float) -> Described:
        """See `PredictingCodec.describe`."""
        gray = (image.pixels == image.pixels[:, :, :1]).all()
        plane = image.pixels[:, :, 0].astype(np.float64)
        rows = tissue_rows(plane) if gray else None
        first, last = rows or (0, image.height)
        inside = image.pixels[first:last]
        if rows and self._config["despeckle"]:
            smooth = np.rint(despeckled(plane))[first:last, :, None]
            inside = as_samples(np.broadcast_to(np.clip(smooth, 0, image.peak), inside.shape), image.bit_depth)
        beside = [plane[:first], plane[last:]]
        levels = [round(float(part.mean())) if part.size else 0 for part in beside]
        numbers = [first, image.height - last, *levels]
        head = b"".join(map(varint.encode, numbers)) + _check(numbers)
        return Described([head + self.inner.encode(Image(inside, image.bit_depth), quality)], None)

    def predict(self, header: Header, package: Any, layers: Sequence[bytes]) -> Shown:
        """See `PredictingCodec.predict`."""
        samples = middle_grey(header)
        if not layers:
            return Shown(samples)
        above, below, *levels, start = _head(layers[0])
        if above + below >= header.height or max(levels) >= 1 << header.bit_depth:
            raise CorruptFileError("the file is damaged: more rows without tissue than it has, or a level out of range")
        last, file = header.height - below, bytes(layers[0][start:])
        self.check_inside(file, header, header.width, last - above)
        samples[:above], samples[last:] = levels
        samples[above:last] = self.inner.decode(file).pixels
        return Shown(samples, [np.array([above, below, *levels]), np.frombuffer(self.inner.exact(file), np.uint8)])

    @classmethod
    def facts(cls, header: Header, chunks: Sequence[Chunk]) -> dict[str, str]:
        """Which rows have tissue."""
        layers = layers_of(chunks)
        if not layers:
            return {}
        above, below, *_ = _head(layers[0])
        return {"tissue": f"rows {above} to {header.height - below - 1}" if above or below else "not looked for"}

    @property
    def _package(self) -> Any:
        return Nothing(self.id)

    def _package_of(self, header: Header) -> Any:
        if any(header.model):
            raise UnsupportedError(f"the file needs a model, and {self.id} has none")
        return self._package


def _head(layer: bytes) -> list[int]:
    """Rows above and below the tissue, the level of each, and where the file of the rows between begins."""
    numbers, position = [], 0
    for _ in range(4):
        number, position = varint.decode(memoryview(layer), position)
        numbers.append(number)
    if layer[position : position + CHECK_BYTES] != _check(numbers):
        raise CorruptFileError("the file is damaged: where its tissue is does not match its checksum")
    return [*numbers, position + CHECK_BYTES]


def _check(numbers: Sequence[int]) -> bytes:
    return checksum(0, np.array(numbers, np.int64))
