"""Reaching a target - a rate, a file size, a quality - with any codec, in a few encodings.

PSNR and MS-SSIM in decibels are nearly linear in the quality, and so is the logarithm of the rate once the quality is
bent a little (`Target.bent`). A secant that keeps the target between its ends (regula falsi, Illinois variant; Dowell
and Jarratt 1971) needs two to four encodings.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, ClassVar

import numpy as np

from latentpress._extras import needs_extra
from latentpress.codecs.base import Codec
from latentpress.errors import InvalidInputError
from latentpress.image import Image
from latentpress.progress import part, steps

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

    A subclass measures a file. name, unit: for messages. rate: whether it is of the file, not of the picture. slope:
    by how much `scaled` rises for a step of 1 in the bent quality, roughly.
    """

    value: float

    name: ClassVar[str]
    unit: ClassVar[str]
    rate: ClassVar[bool] = False
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
        """The value of a file; each kind of target has its own."""
        raise NotImplementedError

    def scaled(self, value: float) -> float:
        """The value on a scale that is nearly linear in the bent quality."""
        return value

    def bent(self, quality: float) -> float:
        """The quality on a scale on which `scaled` is nearly linear."""
        return quality

    def unbent(self, place: float) -> float:
        """The quality 0..100 of a place on that scale: the inverse of `bent`."""
        return min(100.0, max(0.0, place))


class _Rate(Target):
    """What grows with the file. The higher the quality, the less its logarithm rises for a step."""

    slope, rate = 0.065, True

    def scaled(self, value: float) -> float:
        """Logarithm."""
        return math.log(value)

    def bent(self, quality: float) -> float:
        """Steps at quality 0 as long as they are, at 100 shorter by the factor e: measured on photographs."""
        return 100 * (1 - math.exp(-quality / 100))

    def unbent(self, place: float) -> float:
        """See `Target.unbent`."""
        return super().unbent(-100 * math.log(max(1 - place / 100, 1e-9)))


class Bpp(_Rate):
    """A rate in bits a pixel, whole file, to 2 %."""

    name, unit = "bits a pixel", "bpp"

    def measure(self, image: Image, data: bytes, decode: Callable[[bytes], Image]) -> float:
        """Rate of the file."""
        return 8 * len(data) / (image.width * image.height)


class FileSize(_Rate):
    """A file size in bytes: never more, and no more than 2 % less."""

    name, unit = "file size", "bytes"

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


def encode_to_target(codec: Codec, image: Image, target: Target, **settings: Any) -> Reached:
    """Encode so that the target is met, in at most `ENCODINGS` encodings. settings: more arguments of `encode`.

    Raises InvalidInputError, with the range, when the target lies below what quality 0 gives, or above what quality 100
    gives; except for a file size: a picture whose best file is smaller than allowed gives that file.
    """
    if codec.lossless:
        raise InvalidInputError(f"{codec.id} is lossless: it has no target")
    search = _Search(codec, image, target, settings)
    ends = _Ends(target.slope)
    quality = _START
    for left in steps(range(ENCODINGS - 1, -1, -1), ENCODINGS):
        value = search.at(quality)
        if target.low <= value <= target.high:
            break
        distance = target.scaled(value) - target.scaled(target.aim)
        if (distance < 0 and quality >= 100) or (distance > 0 and quality <= 0):
            break
        ends.put(target.bent(quality), distance)
        quality = target.unbent(ends.next())
        if left == 1 and isinstance(target, FileSize) and ends.below is None:
            quality = 0.0  # the last chance to stay within the budget
    return search.result()


class _Ends:
    """The nearest tries below and above the target: (place, distance from it) each."""

    def __init__(self, slope: float) -> None:
        self.below: tuple[float, float] | None = None
        self.above: tuple[float, float] | None = None
        self._slope = slope

    def put(self, place: float, distance: float) -> None:
        """Take in a try. An end that stays for a second time weighs half: it would hold the secant back."""
        under = distance < 0
        old, other = (self.below, self.above) if under else (self.above, self.below)
        if old and other:
            other = (other[0], other[1] / 2)
        elif old and old[0] != place:  # both on one side: the slope shows, and is believed within bounds
            seen = (distance - old[1]) / (place - old[0])
            self._slope = min(2 * self._slope, max(self._slope / 2, seen))
        new = (place, distance)
        self.below, self.above = (new, other) if under else (other, new)

    def next(self) -> float:
        """The next place: between the ends where the secant crosses, or outwards along the slope."""
        if self.below and self.above:
            (low, under), (high, over) = self.below, self.above
            return low + (high - low) * under / (under - over)
        one = self.below or self.above
        assert one is not None
        return one[0] - one[1] / self._slope


class _Search:
    """The files made so far, and the best of them."""

    def __init__(self, codec: Codec, image: Image, target: Target, settings: dict[str, Any]) -> None:
        self._codec, self._image, self._target, self._settings = codec, image, target, settings
        self._tried: list[Reached] = []

    def at(self, quality: float) -> float:
        """Encode at a quality and return the value."""
        with part(0, 0.6):
            data = self._codec.encode(self._image, quality, **self._settings)
        with part(0.6, 1):
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
