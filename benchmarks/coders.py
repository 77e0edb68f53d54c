"""The coders that a benchmark compares: each turns a picture into the bytes of a whole file, and back into pixels."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

import latentpress

Pixels = NDArray[np.uint8]


class Coder(ABC):
    """name: in tables. settings: the rate-distortion points to measure, smallest file first."""

    name: str
    settings: tuple[float, ...]

    @abstractmethod
    def encode(self, picture: Image.Image, setting: float) -> bytes: ...

    @abstractmethod
    def decode(self, data: bytes) -> Pixels: ...

    def describe(self) -> dict[str, Any]:
        """What the coder was asked for, for the record."""
        return {"settings": list(self.settings)}


class PillowCoder(Coder):
    """A file format of Pillow."""

    def __init__(self, name: str, kind: str, settings: tuple[float, ...], **options: Any) -> None:
        self.name, self.kind, self.settings, self.options = name, kind, settings, options

    def encode(self, picture: Image.Image, setting: float) -> bytes:
        stream = io.BytesIO()
        picture.save(stream, self.kind, quality=int(setting), **self.options)
        return stream.getvalue()

    def decode(self, data: bytes) -> Pixels:
        with Image.open(io.BytesIO(data)) as picture:
            return np.asarray(picture.convert("RGB"))

    def describe(self) -> dict[str, Any]:
        return super().describe() | {"format": self.kind, "options": self.options}


class LatentPressCoder(Coder):
    """A codec of this package, on a fixed number of threads."""

    def __init__(self, codec: str, settings: tuple[float, ...], threads: int) -> None:
        self.name, self.settings = codec, settings
        self.codec = latentpress.get_codec(codec, threads=threads)

    def encode(self, picture: Image.Image, setting: float) -> bytes:
        return latentpress.compress(picture, quality=setting, codec=self.codec)

    def decode(self, data: bytes) -> Pixels:
        return self.codec.decode(data).pixels

    def describe(self) -> dict[str, Any]:
        sample = latentpress.inspect(self.encode(Image.new("RGB", (16, 16)), 50))
        return super().describe() | {"codec": repr(self.codec), "model": sample.model, "model_name": sample.model_name}


def make_coder(name: str, qualities: tuple[float, ...], threads: int) -> Coder:
    """A coder by its name on the command line. `qualities` are for this package's codecs; the others have their own."""
    if name == "jpeg":
        grid = (5, 10, 15, 20, 30, 40, 50, 60, 70, 80, 90, 95, 98)
        return PillowCoder("jpeg", "JPEG", grid, optimize=True, progressive=True, subsampling="4:2:0")
    if name == "webp":
        return PillowCoder("webp", "WEBP", (0, 5, 10, 20, 30, 40, 50, 60, 70, 80, 85, 90, 95, 98), method=6)
    return LatentPressCoder(name, qualities, threads)
