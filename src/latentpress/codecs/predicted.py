"""`PredictingCodec`: codecs that describe a picture in few bits, show what they described, and code the rest.

    picture -> describe -> layers -> predict -> shown        of a file, the last layer is a whole file of another codec:
    picture - shown -> the rest, as a picture of its own     of the difference, around middle grey

A file may be cut off between its layers: the description alone is a picture, and so are fewer of its layers.
"""

from __future__ import annotations

import hashlib
from abc import abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress import container
from latentpress.codecs import registry
from latentpress.codecs.base import Codec, check_quality
from latentpress.codecs.layered import read_layers
from latentpress.codecs.models import package_of
from latentpress.codecs.packing import colour_of, pack_sides, unpack
from latentpress.container import LAYER, Chunk, Header
from latentpress.errors import CorruptFileError
from latentpress.image import Image, Samples
from latentpress.models import ModelPackage, find_model

__all__ = ["Described", "PredictingCodec", "Shown", "as_samples", "middle_grey"]

_INNER = "hyperprior"  # the codec of what others leave, and of pictures inside of files
_MOST_CUT = 0.05  # mean square in squared grey levels of 8 bits that may be cut from differences
_OCTAVE = 14.0  # of the inner codec's quality


@dataclass(frozen=True)
class Described:
    """layers: payloads, none of them empty. rest: quality of the inner codec for what they do not say, None to leave
    it out.
    """

    layers: Sequence[bytes]
    rest: float | None


@dataclass(frozen=True)
class Shown:
    """The picture (H, W, 1 or 3) that a description gives, and the integers that it came of."""

    samples: Samples
    integers: Sequence[NDArray[np.integer[Any]]] = ()


def as_samples(whole: NDArray[np.integer[Any]], depth: int) -> Samples:
    """Whole numbers in range as the samples of a depth."""
    return whole.astype(np.uint8) if depth == 8 else whole.astype(np.uint16)


def middle_grey(header: Header) -> Samples:
    """The picture of which nothing is said."""
    shape = (header.height, header.width, 1 if header.channels < 3 else 3)
    return as_samples(np.full(shape, 1 << header.bit_depth - 1), header.bit_depth)


class PredictingCodec(Codec):
    """A subclass describes pictures in ``parts`` layers and shows what they say.

    model: name of an installed model package or path of a package's folder; None takes the default. engine, threads,
    dtype: of the networks, as in `LatentCodec`.
    """

    layered: ClassVar[bool] = True
    takes: ClassVar[frozenset[str]] = frozenset({"model", "engine", "threads", "dtype"})
    parts: ClassVar[int] = 1

    def __init__(
        self, model: str | None = None, engine: str = "onnx", threads: int | None = None, dtype: str = "float32"
    ) -> None:
        self._config: dict[str, Any] = {"model": model, "engine": engine, "threads": threads, "dtype": dtype}

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(self._config)

    @abstractmethod
    def describe(self, image: Image, quality: float) -> Described:
        """What to write of a picture of 1 or 3 channels."""

    @abstractmethod
    def predict(self, header: Header, package: ModelPackage, layers: Sequence[bytes]) -> Shown:
        """The picture of the first so many layers of a description, 0 included. Raises CorruptFileError."""

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        """Compress; see `Codec.encode`."""
        colour, package = Image(colour_of(image), image.bit_depth), self._package
        said = self.describe(colour, check_quality(quality))
        layers = list(said.layers)
        count = len(layers) + (said.rest is not None)
        header = Header(
            self.number, package.id, image.width, image.height, image.channels, count, image.bit_depth, layered=True
        )
        if said.rest is not None:
            shown = self.predict(header, package, layers).samples
            layers.append(self._rest(colour, shown, said.rest))
        return container.write(header, [*pack_sides(image), *(Chunk(LAYER, layer) for layer in layers)])

    def decode(self, data: bytes) -> Image:
        """Restore; see `Codec.decode`. A file that has been cut gives the picture of the layers that are whole."""
        header, chunks, shown, rest = self._opened(data)
        colour = shown.samples
        if rest is not None:
            shift, inner = rest
            difference = self.inner.decode(inner).pixels.astype(np.int32) - (1 << header.bit_depth - 1)
            whole = np.clip(colour + (difference << shift), 0, 2**header.bit_depth - 1)
            colour = as_samples(whole, header.bit_depth)
        return unpack(colour, header, chunks)

    def exact(self, data: bytes) -> bytes:
        """SHA-256 of the integers of all layers; see `Codec.exact`."""
        _, _, shown, rest = self._opened(data)
        digest = hashlib.sha256()
        for array in shown.integers:
            digest.update(repr(array.shape).encode() + array.astype(f"<{array.dtype.str[1:]}").tobytes())
        if rest is not None:
            digest.update(bytes([rest[0]]) + self.inner.exact(rest[1]))
        return digest.digest()

    def layers(self, data: bytes) -> tuple[Header, list[Chunk], list[bytes]]:
        """Header, chunks, and payloads of the layers of a file. Raises as `decode` does."""
        header, chunks, layers = read_layers(self, data, (LAYER,), 5)
        if header.rate > self.parts + 1:
            raise CorruptFileError(f"the file breaks the format: {header.rate} layers of {self.id}")
        return header, chunks, layers

    def check_inside(self, file: bytes, header: Header, width: int, height: int, codec: Codec | None = None) -> None:
        """Raise CorruptFileError unless a file inside of one is of the inner codec, or of another ``codec``, and a
        picture of that size.
        """
        inside = container.read_header(file)
        colours = 1 if header.channels < 3 else 3
        found = (inside.codec, inside.width, inside.height, inside.channels, inside.bit_depth)
        if found != ((codec or self.inner).number, width, height, colours, header.bit_depth):
            raise CorruptFileError("the file breaks the format: a layer holds another kind of picture")

    @property
    def inner(self) -> Codec:
        """The codec of pictures inside of files."""
        config = {name: self._config[name] for name in ("engine", "dtype")}
        return registry.shared_codec(_INNER, config, self._config["threads"])

    @property
    def _package(self) -> ModelPackage:
        return find_model(self.id, name=self._config["model"])

    def _package_of(self, header: Header) -> ModelPackage:
        return package_of(self.id, self._config["model"], header.model)

    def _opened(self, data: bytes) -> tuple[Header, list[Chunk], Shown, tuple[int, bytes] | None]:
        """What a file's description shows, and the shift and the file of the rest, if it is there."""
        header, chunks, layers = self.layers(data)
        package = self._package_of(header)
        shown, rest = self.predict(header, package, layers[: self.parts]), None
        if len(layers) > self.parts:
            last = layers[self.parts]
            rest = last[0] if last else 2, bytes(last[1:])
            if rest[0] > 1:
                raise CorruptFileError("the file is damaged: a difference that is shifted too far")
            self.check_inside(rest[1], header, header.width, header.height)
        return header, chunks, shown, rest

    def _rest(self, image: Image, shown: Samples, quality: float) -> bytes:
        """The last layer. Differences that do not fit around middle grey are cut, or, if there are many, all halved."""
        half, peak = 1 << image.bit_depth - 1, 2**image.bit_depth - 1
        difference = image.pixels.astype(np.int32) - shown
        beyond = difference - np.clip(difference, -half, half - 1)
        shift = int(np.square(beyond * (255 / peak)).mean() > _MOST_CUT)
        middle = as_samples(np.clip((difference >> shift) + half, 0, peak), image.bit_depth)
        return bytes([shift]) + self.inner.encode(Image(middle, image.bit_depth), min(100, quality + shift * _OCTAVE))
