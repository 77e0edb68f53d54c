"""`RetinaCodec`: rows of tissue by a network made for scans, levels for all others."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cached_property
from typing import Any, ClassVar

import numpy as np

from latentpress import container
from latentpress.codecs.base import Codec
from latentpress.codecs.channelwise.model import ChannelwiseModel
from latentpress.codecs.latent import LatentCodec
from latentpress.codecs.ports import CHECK_BYTES, checksum
from latentpress.codecs.predicted import Described, PredictingCodec, Shown, middle_grey
from latentpress.container import Chunk, Header, layers_of, varint
from latentpress.errors import CorruptFileError
from latentpress.image import Image
from latentpress.systems.retina.scan import tissue_rows

__all__ = ["RetinaCodec", "TissueCodec"]


class TissueCodec(LatentCodec[ChannelwiseModel]):
    """The network alone, which gives scans back without their speckle: the codec of files inside of `retina`'s."""

    id: ClassVar[str] = "retina"
    model_class: ClassVar[type[Any]] = ChannelwiseModel


class RetinaCodec(PredictingCodec):
    """Lossy codec for scans of the retina by OCT, after Guo 2020: speckle is left out, rows without tissue are levels.

    despeckle: whether rows of tissue go to the network that leaves speckle out, or as they are to `hyperprior`. What is
    gray and looks like a scan is treated as one; any other picture is left to `hyperprior`. For other settings see
    `PredictingCodec`.
    """

    id: ClassVar[str] = "retina"
    model_class: ClassVar[type[Any]] = ChannelwiseModel
    takes: ClassVar[frozenset[str]] = PredictingCodec.takes | {"despeckle"}

    def __init__(
        self,
        model: str | None = None,
        engine: str = "onnx",
        threads: int | None = None,
        dtype: str = "float32",
        despeckle: bool = True,
    ) -> None:
        super().__init__(model, engine, threads, dtype)
        self._config["despeckle"] = despeckle

    def describe(self, image: Image, quality: float) -> Described:
        """See `PredictingCodec.describe`."""
        gray = (image.pixels == image.pixels[:, :, :1]).all()
        plane = image.pixels[:, :, 0].astype(np.float64)
        rows = tissue_rows(plane) if gray else None
        first, last = rows or (0, image.height)
        coder, power = (self.tissue, 2) if rows and self._config["despeckle"] else (self.inner, 1)
        # speckle leaves the mean of light as it is, which goes with the squares of grey levels
        beside = [plane[:first] ** power, plane[last:] ** power]
        levels = [round(float(part.mean() ** (1 / power))) if part.size else 0 for part in beside]
        numbers = [first, image.height - last, *levels]
        head = b"".join(map(varint.encode, numbers)) + _check(numbers)
        return Described([head + coder.encode(Image(image.pixels[first:last], image.bit_depth), quality)], None)

    def predict(self, header: Header, package: Any, layers: Sequence[bytes]) -> Shown:
        """See `PredictingCodec.predict`."""
        samples = middle_grey(header)
        if not layers:
            return Shown(samples)
        above, below, *levels, start = _head(layers[0])
        if above + below >= header.height or max(levels) >= 1 << header.bit_depth:
            raise CorruptFileError("the file is damaged: more rows without tissue than it has, or a level out of range")
        last, file = header.height - below, bytes(layers[0][start:])
        inside = container.read_header(file)
        coder = self.tissue if inside.codec == self.number and not inside.layered else self.inner
        self.check_inside(file, header, header.width, last - above, coder)
        samples[:above], samples[last:] = levels
        samples[above:last] = coder.decode(file).pixels
        return Shown(samples, [np.array([above, below, *levels]), np.frombuffer(coder.exact(file), np.uint8)])

    @cached_property
    def tissue(self) -> Codec:
        """The codec of tissue."""
        return TissueCodec(**{name: self._config[name] for name in ("model", "engine", "threads", "dtype")})

    @classmethod
    def facts(cls, header: Header, chunks: Sequence[Chunk]) -> dict[str, str]:
        """Which rows have tissue, and who codes them."""
        layers = layers_of(chunks)
        if not layers:
            return {}
        above, below, *_, start = _head(layers[0])
        if not (above or below):
            return {"tissue": "not looked for"}
        left = container.read_header(bytes(layers[0][start:])).codec == cls.number
        rows = f"rows {above} to {header.height - below - 1}"
        return {"tissue": rows, "speckle": "left out" if left else "kept"}


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
