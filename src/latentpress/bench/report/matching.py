"""Pictures to be shown beside each other: each coder's file at the same rate, or at the same PSNR."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from latentpress.bench.coders import Coder
from latentpress.bench.coders.base import Pixels
from latentpress.errors import InvalidInputError, MissingExtraError
from latentpress.metrics import bits_per_pixel, ms_ssim, psnr

__all__ = ["Coded", "Sample", "Target", "encode_near", "encode_to_rate", "measure_coded"]

# Encodings spent on one target: the first lands within a few per cent, the others correct it.
_TRIES = 3
_GOOD = 0.5
# Of a bisection: at most so many encodings beyond the ends, fewer once the rate is met to this part of it.
_STEPS = 12
_CLOSE = 0.005


@dataclass(frozen=True)
class Target:
    """What the files shown together have in common: ``value`` bits a pixel, or ``value`` dB of PSNR."""

    kind: Literal["bpp", "psnr"]
    value: float

    @property
    def label(self) -> str:
        """As a person reads it: ``0.25 bpp``, ``30 dB PSNR``."""
        return f"{self.value:g} bpp" if self.kind == "bpp" else f"{self.value:g} dB PSNR"

    def miss(self, bpp: float, psnr: float) -> float:
        """How far a file is from the target, in units of 4 % of rate or 0.15 dB."""
        return abs(math.log(bpp / self.value)) / 0.04 if self.kind == "bpp" else abs(psnr - self.value) / 0.15


@dataclass(frozen=True)
class Sample:
    """A measured point of one coder on one picture."""

    quality: float
    bpp: float
    psnr: float


@dataclass(frozen=True, eq=False)
class Coded:
    """A coded picture with its true numbers: those of the whole file and of the pixels decoded from it.

    quality: on the coder's scale, None where the file came from elsewhere. data: the file. pixels: uint8 (height,
    width, 1 or 3). psnr: in dB, infinite for equal pixels. ms_ssim: None where it is not defined (a side under 161)
    or SciPy is not installed.
    """

    quality: float | None
    data: bytes
    pixels: Pixels
    bpp: float
    psnr: float
    ms_ssim: float | None


def measure_coded(original: Pixels, data: bytes, pixels: Pixels, quality: float | None = None) -> Coded:
    """The numbers of ``data``, which decodes to ``pixels``, a picture of the shape of ``original``.

    Raises InvalidInputError for pictures of different shapes.
    """
    if original.shape != pixels.shape:
        raise InvalidInputError(
            f"the pictures differ in shape: {_shape(original)} and {_shape(pixels)}; compare versions of one picture"
        )
    height, width, _ = original.shape
    try:
        similarity = ms_ssim(original, pixels)
    except (InvalidInputError, MissingExtraError):
        similarity = None
    bpp = bits_per_pixel(len(data), width, height)
    return Coded(quality, data, pixels, bpp, psnr(original, pixels), similarity)


def encode_near(coder: Coder, original: Pixels, samples: Sequence[Sample], target: Target) -> Coded:
    """The coder's file nearest to ``target``, by interpolation between the measured ``samples`` of this picture.

    A target outside the measured range gives the end of the range. Raises as `Coder.encode`.
    """
    known = {sample.quality: sample for sample in samples}
    best: tuple[float, float, bytes, Pixels] | None = None
    tried: set[float] = set()
    for _ in range(_TRIES):
        quality = _interpolate(coder, list(known.values()), target)
        if quality in tried:
            break
        tried.add(quality)
        data = coder.encode(original, quality)
        pixels = coder.decode(data)
        found = Sample(quality, bits_per_pixel(len(data), original.shape[1], original.shape[0]), psnr(original, pixels))
        miss = target.miss(found.bpp, found.psnr)
        if best is None or miss < best[0]:
            best = miss, quality, data, pixels
        if miss < _GOOD:
            break
        known[quality] = found
    assert best is not None  # the first try always runs
    _, quality, data, pixels = best
    return measure_coded(original, data, pixels, quality)


def encode_to_rate(coder: Coder, original: Pixels, bpp: float) -> Coded:
    """The coder's file nearest to ``bpp`` bits a pixel, by bisection on its quality.

    Starts from the range of `Coder.qualities` and leaves it only if the rate lies outside. A lossless coder has one
    file. Raises as `Coder.encode`.
    """
    height, width, _ = original.shape
    files: dict[float, bytes] = {}

    def rate(quality: float) -> float:
        if quality not in files:
            files[quality] = coder.encode(original, quality)
        return bits_per_pixel(len(files[quality]), width, height)

    small, large = coder.qualities[0], coder.qualities[-1]
    if not coder.lossless:
        bottom, top = coder.quality_range if small <= large else coder.quality_range[::-1]
        if rate(small) > bpp:
            small, large = bottom, small
        elif rate(large) < bpp:
            small, large = large, top
        rate(small)
        rate(large)
        for _ in range(_STEPS):
            middle = _between(coder, small, large)
            if middle in files or abs(rate(middle) / bpp - 1.0) < _CLOSE:
                break
            small, large = (small, middle) if rate(middle) > bpp else (middle, large)
    rate(small)
    quality = min(files, key=lambda q: abs(math.log(rate(q) / bpp)))
    return measure_coded(original, files[quality], coder.decode(files[quality]), quality)


def _between(coder: Coder, first: float, second: float) -> float:
    """The middle of two qualities, in the logarithm where the scale starts above zero (distances, rates)."""
    if coder.whole:
        return float(int((first + second) // 2))
    return math.sqrt(first * second) if coder.quality_range[0] > 0 else (first + second) / 2


def _interpolate(coder: Coder, samples: list[Sample], target: Target) -> float:
    """The quality at which the line through the two samples around the target meets it."""
    if coder.lossless:
        return coder.qualities[0]
    by_rate = target.kind == "bpp"
    ordered = sorted(samples, key=lambda sample: sample.bpp if by_rate else sample.psnr)
    marks = [math.log(sample.bpp) if by_rate else sample.psnr for sample in ordered]
    # Distances and rates act by their ratio; qualities and quantisation parameters by their difference.
    ratio = not coder.whole and coder.quality_range[0] > 0
    qualities = [math.log(sample.quality) if ratio else sample.quality for sample in ordered]
    found = float(np.interp(math.log(target.value) if by_rate else target.value, marks, qualities))
    quality = math.exp(found) if ratio else found
    low, high = coder.quality_range
    return float(round(quality)) if coder.whole else min(max(quality, low), high)


def _shape(pixels: Pixels) -> str:
    """Width, height and kind of a picture."""
    return f"{pixels.shape[1]}x{pixels.shape[0]} {'gray' if pixels.shape[2] == 1 else 'RGB'}"
