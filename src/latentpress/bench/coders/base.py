"""`Coder`: what a benchmark needs of any image coder."""

from __future__ import annotations

import contextlib
import importlib
from abc import ABC, abstractmethod
from collections.abc import Iterator
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import (
    CorruptFileError,
    InvalidInputError,
    LatentPressError,
    LimitError,
    MissingExtraError,
    UnsupportedError,
)
from latentpress.image import Image

__all__ = ["Coder", "Pixels"]

Pixels = NDArray[np.uint8]
"""A picture: uint8 of shape (height, width, 1) for gray or (height, width, 3) for RGB."""


class Coder(ABC):
    """An image coder with fixed settings, and a quality that moves along its rate-distortion curve.

    A coder holds settings only, so it is cheap to make and to send to another process; its library is imported at first
    use. A subclass defines `_encode`, `_decode`, `_settings` and `versions`.

    id: its name in tables and on the command line.
    lossless: whether `decode` gives back exactly what `encode` took.
    qualities: the points to measure, smallest file first; one entry, which has no effect, for a lossless coder.
    quality_name: what a quality is, on the coder's own scale: ``quality``, ``distance``, ``qp``, ``bpp``. Of a distance
    or a quantisation parameter the smaller one gives the larger file.
    quality_range: smallest and largest quality that `encode` takes. whole: whether only whole numbers are taken.
    gray: whether it has gray pictures; one that has none refuses them with UnsupportedError.
    extra: the group of optional dependencies that brings its library, empty if the library always comes along.
    package: the distribution to install. module: what it is imported as.
    """

    id: str
    lossless: bool = False
    qualities: tuple[float, ...] = (100.0,)
    quality_name: str = "quality"
    quality_range: tuple[float, float] = (0.0, 100.0)
    whole: bool = True
    gray: bool = True
    extra: ClassVar[str] = ""
    package: ClassVar[str] = "latentpress"
    module: ClassVar[str] = "latentpress"

    def encode(self, pixels: Pixels, quality: float) -> bytes:
        """Compress a picture into a complete file, as it would stand on a disk.

        pixels: uint8 (height, width, 1 or 3). quality: a number in `quality_range`.

        Raises InvalidInputError for an array or a quality of another kind, UnsupportedError for a picture that the
        format cannot hold, MissingExtraError if the library is not installed, LimitError if time or memory run out.
        """
        image = Image.from_array(pixels)
        if image.bit_depth > 8 or image.has_alpha:
            raise UnsupportedError(f"coders are compared on 8-bit gray and RGB, not {image.bit_depth}-bit {image.mode}")
        picture, value = image.pixels.astype(np.uint8, copy=False), self._check_quality(quality)
        height, width, channels = picture.shape
        if channels == 1 and not self.gray:
            raise UnsupportedError(f"{self.id} has no gray pictures: repeat the plane three times and give it RGB")
        with self._translated(UnsupportedError, f"{self.id} cannot encode {width} x {height} pixels"):
            return bytes(self._encode(picture, value))

    def decode(self, data: bytes) -> Pixels:
        """Restore the picture from a file that `encode` made: uint8 of the shape that went in.

        Raises CorruptFileError for damaged data, LimitError if time or memory run out, MissingExtraError if the
        library is not installed.
        """
        with self._translated(CorruptFileError, f"{self.id} cannot decode the data"):
            pixels: NDArray[Any] = np.asarray(self._decode(bytes(data)))
        if pixels.ndim == 2:
            pixels = pixels[:, :, np.newaxis]
        if pixels.dtype != np.uint8 or pixels.ndim != 3 or pixels.shape[2] not in (1, 3):
            raise CorruptFileError(f"{self.id} decodes to {pixels.dtype} {pixels.shape}, not 8-bit gray or RGB")
        return np.ascontiguousarray(pixels)

    def settings(self) -> dict[str, Any]:
        """All that decides what the coder writes and how long it takes, JSON-able."""
        common = {"lossless": self.lossless, "quality": "none" if self.lossless else self.quality_name}
        return common | self._settings()

    @abstractmethod
    def versions(self) -> dict[str, str]:
        """Versions of the libraries in use, from the libraries themselves. Raises MissingExtraError without them."""

    def check(self) -> None:
        """Raise MissingExtraError or UnsupportedError if the coder cannot be used here."""
        self._load()

    @abstractmethod
    def _encode(self, pixels: Pixels, quality: float) -> bytes:
        """The work of `encode`; ``pixels`` are valid, read-only and C-contiguous. May raise anything."""

    @abstractmethod
    def _decode(self, data: bytes) -> NDArray[Any]:
        """The work of `decode`; (H, W) stands for gray. May raise anything."""

    @abstractmethod
    def _settings(self) -> dict[str, Any]:
        """The coder's own part of `settings`, the number of threads among it."""

    def _load(self) -> Any:
        """The library's module. OSError is what a binding raises whose shared library is not there."""
        try:
            return importlib.import_module(self.module)
        except (ImportError, OSError) as error:
            raise MissingExtraError(f"{self.id} ({self.package})", self.extra) from error

    def _check_quality(self, quality: float) -> float:
        """Return the quality as a float, or raise InvalidInputError."""
        low, high = self.quality_range
        kind = "a whole number" if self.whole else "a number"
        if isinstance(quality, bool) or not isinstance(quality, Real) or not low <= quality <= high:
            raise InvalidInputError(
                f"{self.quality_name} of {self.id} must be {kind} from {low:g} to {high:g}, not {quality!r}"
            )
        value = float(quality)
        if self.whole and not value.is_integer():
            raise InvalidInputError(f"{self.quality_name} of {self.id} must be a whole number, not {quality!r}")
        return value

    @contextlib.contextmanager
    def _translated(self, kind: type[LatentPressError], what: str) -> Iterator[None]:
        """Turn what a foreign library raises, which may be anything, into one of our errors."""
        try:
            yield
        except LatentPressError:
            raise
        except MemoryError as error:
            raise LimitError(f"{what}: not enough memory") from error
        except Exception as error:
            reason = " ".join(str(error).split()) or type(error).__name__
            raise kind(f"{what}: {reason}") from error

    def __repr__(self) -> str:
        return f"<Coder {self.id}>"
