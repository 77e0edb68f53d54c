"""`SemanticCodec`: a small picture, a map of classes, and what they leave."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, cast

import numpy as np

from latentpress.codecs.latent import LatentCodec
from latentpress.codecs.models import Running
from latentpress.codecs.planes import from_planes, to_planes
from latentpress.codecs.ports import CHECK_BYTES, read, write
from latentpress.codecs.predicted import Described, PredictingCodec, Shown, as_samples, middle_grey
from latentpress.container import Chunk, Header, layers_of
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.image import Image, Samples
from latentpress.models import ModelPackage
from latentpress.systems.semantic.layout import CELL, HALVED, RUNGS, compact_quality
from latentpress.systems.semantic.model import Classes, SemanticModel
from latentpress.systems.semantic.segmenter import Map, segmented
from latentpress.transforms import ToYcc

__all__ = ["SemanticCodec", "halved"]

_SENT, _SHARED = 0, 1
_BEST = 50.0  # quality from which on the small picture gets no better
_LEAST = 25.0  # quality of the rest, below which it costs bits and gains nothing


class SemanticCodec(PredictingCodec):
    """Lossy codec in layers: a small picture, a map of classes by which it is enlarged, and what both leave.

    classes: ``sent``, a map of the picture in the file (DSSLIC), or ``shared``, the one that both sides find in the
    latents of the small picture (EDMS). For the other settings see `PredictingCodec`.
    """

    id: ClassVar[str] = "semantic"
    model_class: ClassVar[type[Any]] = SemanticModel
    takes: ClassVar[frozenset[str]] = PredictingCodec.takes | {"classes"}
    parts: ClassVar[int] = 2

    def __init__(
        self,
        model: str | None = None,
        engine: str = "onnx",
        threads: int | None = None,
        dtype: str = "float32",
        classes: str = "sent",
    ) -> None:
        super().__init__(model, engine, threads, dtype)
        if classes not in ("sent", "shared"):
            raise InvalidInputError(f"classes are 'sent' or 'shared', not {classes!r}")
        self._config["classes"] = classes

    def describe(self, image: Image, quality: float) -> Described:
        """See `PredictingCodec.describe`."""
        model, fine = self.model(self._package), compact_quality(quality)
        small = self.inner.encode(Image(halved(image), image.bit_depth), fine)
        rest = None if quality < _BEST else _LEAST + (quality - _BEST) / (100 - _BEST) * (100 - _LEAST)
        if self._config["classes"] == "shared":
            rung = int(np.abs(np.array(RUNGS) - fine).argmin())
            shape = (-(-image.height // CELL), -(-image.width // CELL))
            found = self._foretold(model, small, rung, shape)
            return Described([small, bytes([_SHARED, rung]) + Classes(found).check(rung)], rest)
        found = segmented(image.pixels, model.centres, image.bit_depth)
        stream = write(lambda port: model.code(port, (found.shape[0], found.shape[1]), found))
        return Described([small, bytes([_SENT]) + stream], rest)

    def predict(self, header: Header, package: ModelPackage, layers: Sequence[bytes]) -> Shown:
        """See `PredictingCodec.predict`."""
        if not layers:
            return Shown(middle_grey(header))
        channels = 1 if header.channels < 3 else 3
        model = self.model(package)
        small = bytes(layers[0])
        size = (-(-header.width // HALVED), -(-header.height // HALVED))
        self.check_inside(small, header, *size)
        planes = to_planes(self.inner.decode(small).pixels, 1, 2**header.bit_depth - 1)[0]
        found = self._classes(header, model, layers)
        ycc = model.enlarged(ToYcc().forward(planes), found, header.height, header.width)
        if channels == 1:
            ycc[1:] = 0
        integers = [np.frombuffer(self.inner.exact(small), np.uint8)]
        samples = from_planes(ToYcc().inverse(ycc), channels, header.bit_depth)
        return Shown(samples, integers if found is None else [*integers, found])

    def classes_of(self, data: bytes) -> Map:
        """The map (h, w) of a file, a class for each cell of 8 x 8 pixels. Raises as `decode` does."""
        header, _, layers = self.layers(data)
        found = self._classes(header, self.model(self._package_of(header)), layers)
        if found is None:
            raise CorruptFileError("the file is cut off before its classes")
        return found

    @classmethod
    def facts(cls, header: Header, chunks: Sequence[Chunk]) -> dict[str, str]:
        """Where its classes come from."""
        layers = layers_of(chunks)
        if len(layers) < 2 or not layers[1]:
            return {}
        return {"classes": "found in the small picture" if layers[1][0] == _SHARED else "in the file"}

    @staticmethod
    def model(package: ModelPackage) -> SemanticModel:
        """The model of a package."""
        return SemanticModel.open(package, Running())

    def _classes(self, header: Header, model: SemanticModel, layers: Sequence[bytes]) -> Map | None:
        """The map, None if it was cut off."""
        if len(layers) < 2:
            return None
        shape = (-(-header.height // CELL), -(-header.width // CELL))
        how, told = layers[1][:1], bytes(layers[1][1:])
        if how == bytes([_SENT]):
            return read(told, lambda port: model.code(port, shape, None)).map
        if how != bytes([_SHARED]) or len(told) != 1 + CHECK_BYTES or told[0] >= len(RUNGS):
            raise CorruptFileError("the file is damaged: nothing says where its classes come from")
        found = self._foretold(model, bytes(layers[0]), told[0], shape)
        if Classes(found).check(told[0]) != told[1:]:
            raise CorruptFileError("the classes found in the small picture do not match their checksum")
        return found

    def _foretold(self, model: SemanticModel, small: bytes, rung: int, shape: tuple[int, int]) -> Map:
        """The map that is found in the latents of a small picture's file."""
        codec = cast("LatentCodec[Any]", self.inner)
        return model.foretold(codec.opened(small)[2].values(), rung, shape)


def halved(image: Image) -> Samples:
    """The small picture: means of 2 x 2 samples, rounded, the last ones repeated where a side is odd."""
    height, width = image.pixels.shape[:2]
    padded = np.pad(image.pixels.astype(np.int64), ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
    sums = padded[::2, ::2] + padded[::2, 1::2] + padded[1::2, ::2] + padded[1::2, 1::2]
    return as_samples((sums + 2) >> 2, image.bit_depth)
