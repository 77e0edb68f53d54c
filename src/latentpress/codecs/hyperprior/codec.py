"""`HyperpriorCodec`: pictures to files with the flagship network, and back."""

from __future__ import annotations

from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress import container
from latentpress.codecs.base import Codec, check_quality
from latentpress.codecs.hyperprior.latents import decode_latents, encode_latents
from latentpress.codecs.hyperprior.model import HyperpriorModel, open_model
from latentpress.codecs.hyperprior.rounding import Rounding, rounding_weight
from latentpress.container import STREAM, Chunk, Header
from latentpress.errors import CorruptFileError, LimitError, UnsupportedError
from latentpress.image import Image
from latentpress.models import ModelPackage, find_model, installed_models

__all__ = ["HyperpriorCodec", "to_planes"]

_MAX_PIXELS = 2**26  # the networks run on the whole picture and take about 150 bytes a pixel


class HyperpriorCodec(Codec):
    """Learned lossy codec: a variable-rate mean-scale hyperprior with context in two or four passes, made
    for CPUs.

    model: name of an installed model package or path of a package's folder; None takes the default. A file is decoded
    with the model that it names: this one or another installed one. engine: ``onnx`` (ONNX Runtime) or ``torch``;
    threads: for ONNX Runtime, None leaves the choice to it; dtype: ``float32``, or ``float64`` with torch. Every
    engine reads the same symbols from a file.
    """

    id: ClassVar[str] = "hyperprior"
    number: ClassVar[int] = 1

    def __init__(
        self, model: str | None = None, engine: str = "onnx", threads: int | None = None, dtype: str = "float32"
    ) -> None:
        self._config: dict[str, Any] = {"model": model, "engine": engine, "threads": threads, "dtype": dtype}

    def config(self) -> dict[str, Any]:
        """The constructor's arguments."""
        return dict(self._config)

    @classmethod
    def models(cls) -> dict[str, bytes]:
        """Names of the installed model packages and their ids."""
        return {package.name: package.id for package in installed_models(cls.id)}

    def encode(self, image: Image, quality: float = 50.0) -> bytes:
        """Compress; see `Codec.encode`. Quality moves the rate in steps of just under one."""
        model = self._model
        rate = round(check_quality(quality) * model.last_rate / 100)
        if image.width * image.height > _MAX_PIXELS:
            raise LimitError(f"{image.width} x {image.height} pixels are more than hyperprior takes ({_MAX_PIXELS})")
        latents = model.analysis(to_planes(image.pixels, model.stride), model.mix(rate))[0]
        stream = encode_latents(model, latents, rate, Rounding(model.tables, rounding_weight(rate)))
        header = Header(self.number, model.package.id, image.width, image.height, image.channels, rate)
        return container.write(header, [Chunk(STREAM, stream)])

    def decode(self, data: bytes) -> Image:
        """Restore; see `Codec.decode`."""
        header, values, model = self.decode_values(data)
        planes = model.synthesis(values, model.mix(header.rate))[0]
        return Image(_to_pixels(planes, header))

    def decode_values(self, data: bytes) -> tuple[Header, NDArray[np.float32], HyperpriorModel]:
        """The exact part of decoding: header, reconstructed latents (M, h, w) in quantisation steps (multiples of 1/16,
        the same on every machine), and the model that the file names. Raises as `decode` does."""
        header, chunks = container.read(data)
        if header.codec != self.number:
            raise UnsupportedError(f"this is a file of codec number {header.codec}, not of {self.id}")
        model = self._model_of(header)
        if header.rate > model.last_rate:
            raise CorruptFileError(f"rate index {header.rate} is above the model's last, {model.last_rate}")
        if header.width * header.height > _MAX_PIXELS:
            raise LimitError(f"{header.width} x {header.height} pixels are more than hyperprior takes ({_MAX_PIXELS})")
        streams = [chunk.payload for chunk in chunks if chunk.kind == STREAM]
        if len(streams) != 1:
            raise CorruptFileError(f"a hyperprior file has one symbol stream, this one has {len(streams)}")
        height, width = (-(-side // model.stride) for side in (header.height, header.width))
        return header, decode_latents(model, streams[0], header.rate, height, width), model

    def _model_of(self, header: Header) -> HyperpriorModel:
        """The model that a file names: this codec's own, or another installed one."""
        if self._config["model"] is not None and self._model.package.id == header.model:
            return self._model
        return self._open(find_model(self.id, id=header.model))

    @cached_property
    def _model(self) -> HyperpriorModel:
        return self._open(find_model(self.id, name=self._config["model"]))

    def _open(self, package: ModelPackage) -> HyperpriorModel:
        return open_model(package, self._config["engine"], self._config["threads"], self._config["dtype"])


def to_planes(pixels: NDArray[np.uint8], stride: int) -> NDArray[np.float32]:
    """(H, W, 1 or 3) to (1, 3, H', W') grey levels: gray becomes three equal planes, sides grow to multiples of
    ``stride``.
    """
    height, width, channels = pixels.shape
    planes = np.broadcast_to(pixels, (height, width, 3)) if channels == 1 else pixels
    padded = np.pad(planes, ((0, -height % stride), (0, -width % stride), (0, 0)), mode="edge")
    return np.ascontiguousarray(padded.transpose(2, 0, 1)[None], dtype=np.float32)


def _to_pixels(planes: NDArray[np.float32], header: Header) -> NDArray[np.uint8]:
    """(3, H', W') grey levels to (H, W, channels) uint8, rounded; gray is the mean of the planes."""
    planes = planes[:, : header.height, : header.width]
    if header.channels == 1:
        planes = planes.mean(axis=0, keepdims=True)
    # NaN cannot come from a finite network on finite values; the clip keeps every other value inside 0..255.
    rounded = np.clip(np.floor(planes + np.float32(0.5)), 0, 255).astype(np.uint8)
    return np.ascontiguousarray(rounded.transpose(1, 2, 0))
