"""Reaching a target - a rate, a file size, a quality - with any codec, in a few encodings.

The logarithm of the rate is nearly linear in the quality, and so are PSNR and MS-SSIM in decibels: a secant that keeps
the target between its ends (regula falsi, Illinois variant; Dowell and Jarratt 1971) needs two to five encodings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from latentpress._extras import needs_extra
from latentpress.codecs.base import Codec
from latentpress.errors import InvalidInputError
from latentpress.image import Image

__all__ = ["ENCODINGS", "Bpp", "FileSize", "MsSsim", "Psnr", "Reached", "Target", "encode_to_target", "psnr_of"]

ENCODINGS = 6
"""The most encodings that a search makes."""

_START = 50.0


@dataclass(frozen=True)
class Reached:
    """The file of a search. value: what was asked for, as reached. within: whether that is inside the tolerance; if
    not, this is the nearest file that was found. encodings: how many it took.
    """

    data: bytes
    quality: float
    value: float
    within: bool
    encodings: int


@dataclass(frozen=True)
class Target:
    """A number to reach. ``low`` and ``high``: the range that is good enough; ``aim``: where in it to aim.

    A subclass measures a file. name, unit: for messages. slope: by how much `scaled` rises for a step of 1 in quality,
    roughly.
    """

    value: float

    name: ClassVar[str]
    unit: ClassVar[str]
    slope: ClassVar[float]

    def __post_init__(self) -> None:
        if isinstance(self.value, bool) or not isinstance(self.value, int | float) or not 0 < self.value < math.inf:
            raise InvalidInputError(f"{self.name} must be a number above 0, not {self.value!r}")

    @property
    def low(self) -> float:
        """The smallest value that is good enough."""
        return self.value * 0.98

    @property
    def high(self) -> float:
        """The largest value that is good enough."""
        return self.value * 1.02

    @property
    def aim(self) -> float:
        """The value to aim at."""
        return self.value

    def measure(self, image: Image, data: bytes, decode: Callable[[bytes], Image]) -> float:
        """The value of a file."""
        raise NotImplementedError

    def scaled(self, value: float) -> float:
        """The value on a scale that is nearly linear in the quality."""
        return value


class Bpp(Target):
    """A rate in bits a pixel, whole file, to 2 %."""

    name, unit, slope = "bits a pixel", "bpp", 0.035

    def measure(self, image: Image, data: bytes, decode: Callable[[bytes], Image]) -> float:
        """Rate of the file."""
        return 8 * len(data) / (image.width * image.height)

    def scaled(self, value: float) -> float:
        """Logarithm."""
        return math.log(value)


class FileSize(Target):
    """A file size in bytes: never more, and no more than 2 % less."""

    name, unit, slope = "file size", "bytes", 0.035

    @property
    def high(self) -> float:
        """The size itself."""
        return self.value

    @property
    def aim(self) -> float:
        """A little below: what comes out just above does not do."""
        return self.value * 0.992

    def measure(self, image: Image, data: bytes, decode: Callable[[bytes], Image]) -> float:
        """Bytes of the file."""
        return len(data)

    def scaled(self, value: float) -> float:
        """Logarithm."""
        return math.log(value)


class Psnr(Target):
    """A PSNR in dB of the colours (samples under alpha 0 do not count), to 0.1 dB."""

    name, unit, slope = "PSNR", "dB", 0.17

    @property
    def low(self) -> float:
        """0.1 dB less."""
        return self.value - 0.1

    @property
    def high(self) -> float:
        """0.1 dB more."""
        return self.value + 0.1

    def measure(self, image: Image, data: bytes, decode: Callable[[bytes], Image]) -> float:
        """PSNR of what the file gives back."""
        return psnr_of(image, decode(data))


class MsSsim(Target):
    """An MS-SSIM (0..1) of the colours, to 2 % of its distance from 1. Sides of at least 161 pixels; needs SciPy."""

    name, unit, slope = "MS-SSIM", "", 0.16

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.value >= 1:
            raise InvalidInputError(f"MS-SSIM must lie between 0 and 1, not {self.value!r}")

    @property
    def low(self) -> float:
        """2 % more distance from 1."""
        return 1 - (1 - self.value) * 1.02

    @property
    def high(self) -> float:
        """2 % less distance from 1."""
        return 1 - (1 - self.value) * 0.98

    def measure(self, image: Image, data: bytes, decode: Callable[[bytes], Image]) -> float:
        """MS-SSIM of what the file gives back."""
        with needs_extra("a target in MS-SSIM", "bench"):
            import scipy  # noqa: F401

            from latentpress.metrics import ms_ssim
        restored = decode(data)
        colours = 3 if image.channels > 2 else 1
        return float(ms_ssim(image.pixels[:, :, :colours], restored.pixels[:, :, :colours]))

    def scaled(self, value: float) -> float:
        """Decibels."""
        return -10 * math.log10(max(1 - value, 1e-9))


def psnr_of(image: Image, restored: Image) -> float:
    """PSNR in dB of the colours of a restored picture, those under alpha 0 left out; infinite if they are equal."""
    colours = 3 if image.channels > 2 else 1
    total, count = 0.0, 0
    for rows in range(0, image.height, 256):  # strips: a large picture's errors do not fit the memory at once
        error = image.pixels[rows : rows + 256, :, :colours].astype(np.float64)
        error -= restored.pixels[rows : rows + 256, :, :colours]
        if image.has_alpha:
            error = error[image.pixels[rows : rows + 256, :, -1] > 0]
        total, count = total + float(np.square(error).sum()), count + error.size
    return math.inf if total == 0 else 10 * math.log10(image.peak**2 * count / total)


def encode_to_target(codec: Codec, image: Image, target: Target) -> Reached:
    """Encode so that the target is met, in at most `ENCODINGS` encodings.

    Raises InvalidInputError, with the range, when the target lies below what quality 0 gives, or above what quality 100
    gives; except for a file size: a picture whose best file is smaller than allowed gives that file.
    """
    if codec.lossless:
        raise InvalidInputError(f"{codec.id} is lossless: it has no target")
    search = _Search(codec, image, target)
    aim = target.scaled(target.aim)
    quality = _START
    below: tuple[float, float] | None = None
    above: tuple[float, float] | None = None
    for left in range(ENCODINGS - 1, -1, -1):
        value = search.at(quality)
        if target.low <= value <= target.high:
            break
        distance = target.scaled(value) - aim
        if (distance < 0 and quality >= 100) or (distance > 0 and quality <= 0):
            break
        last_side = below if distance < 0 else above
        if distance < 0:
            below = (quality, distance)
            above = (above[0], above[1] / 2) if above and last_side else above
        else:
            above = (quality, distance)
            below = (below[0], below[1] / 2) if below and last_side else below
        quality = _next(below, above, target.slope)
        if left == 1 and isinstance(target, FileSize) and below is None:
            quality = 0.0  # the last chance to stay within the budget
    return search.result()


def _next(below: tuple[float, float] | None, above: tuple[float, float] | None, slope: float) -> float:
    """The next quality: between the ends where the secant crosses, or outwards along the usual slope."""
    if below and above:
        return below[0] + (above[0] - below[0]) * below[1] / (below[1] - above[1])
    one = below or above
    assert one is not None
    return min(100.0, max(0.0, one[0] - 1.15 * one[1] / slope))


class _Search:
    """The files made so far, and the best of them."""

    def __init__(self, codec: Codec, image: Image, target: Target) -> None:
        self._codec, self._image, self._target = codec, image, target
        self._tried: list[Reached] = []

    def at(self, quality: float) -> float:
        """Encode at a quality and return the value."""
        data = self._codec.encode(self._image, quality)
        value = self._target.measure(self._image, data, self._codec.decode)
        within = self._target.low <= value <= self._target.high
        self._tried.append(Reached(data, quality, value, within, len(self._tried) + 1))
        return value

    def result(self) -> Reached:
        """The file to hand out, or InvalidInputError."""
        target = self._target
        allowed = [one for one in self._tried if one.value <= target.high or not isinstance(target, FileSize)]
        if allowed:
            best = min(allowed, key=lambda one: abs(target.scaled(one.value) - target.scaled(target.aim)))
            values = [one.value for one in self._tried]
            inside = min(values) <= target.value <= max(values)
            if best.within or isinstance(target, FileSize) or inside:
                return Reached(best.data, best.quality, best.value, best.within, len(self._tried))
        end = min(self._tried, key=lambda one: abs(target.scaled(one.value) - target.scaled(target.aim)))
        limit = "least" if end.value > target.value else "most"
        raise InvalidInputError(
            f"{target.name} {target.value:g} is out of range: for this picture {self._codec.id} gives at {limit} "
            f"{end.value:.4g} {target.unit}".rstrip()
        )
