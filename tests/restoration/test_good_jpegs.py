"""A good JPEG never gets worse: photographs, drawings, screenshots, patterns, at qualities of 90 and above; and what is
no photograph does not at any.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageDraw

from latentpress.errors import InvalidInputError
from latentpress.restoration import Restorer, read_jpeg, restore
from latentpress.restoration.calibration import patterned

Picture = NDArray[np.uint8]

MACAWS = Path(__file__).parents[2] / "examples" / "macaws.png"
SIDE = 160
ALLOWED = 0.02  # dB
PERFECT = 1e-4  # squared grey levels that count as none


def macaws(top: int, left: int) -> Picture:
    with Image.open(MACAWS) as picture:
        return np.asarray(picture.convert("RGB"))[top : top + SIDE, left : left + SIDE].copy()


def drawing() -> Picture:
    y, x = np.mgrid[:SIDE, :SIDE]
    pixels = np.full((SIDE, SIDE, 3), (250, 250, 245), np.uint8)
    pixels[(x // 9 + y // 13) % 4 == 0] = (20, 30, 90)
    return pixels


def text() -> Picture:
    picture = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    for line in range(10):
        pen.text(
            (3 + line % 3, 2 + 16 * line), f"line {line} of a letter", fill=(180, 20, 20) if line % 2 else (0, 0, 0)
        )
    return np.asarray(picture)


def screen() -> Picture:
    picture = Image.new("RGB", (SIDE, SIDE), (32, 33, 36))
    pen = ImageDraw.Draw(picture)
    pen.rectangle((0, 0, SIDE, 22), fill=(60, 64, 67))
    pen.rectangle((8, 30, 100, 56), fill=(26, 115, 232))
    pen.text((14, 38), "Submit", fill=(255, 255, 255))
    pen.rectangle((8, 66, 150, 150), outline=(154, 160, 166))
    for line in range(5):
        pen.text((14, 70 + 16 * line), f"item {line}  value={line * 77}", fill=(232, 234, 237))
    return np.asarray(picture)


def lines() -> Picture:
    picture = Image.new("RGB", (SIDE, SIDE), (255, 255, 255))
    pen = ImageDraw.Draw(picture)
    for i in range(0, SIDE, 7):
        pen.line((i, 0, SIDE - i, SIDE), fill=(0, 0, 0))
        pen.ellipse((i // 2, i // 2, SIDE - i // 2, SIDE - i // 2), outline=(200, 0, 0))
    return np.asarray(picture)


def dither() -> Picture:
    ramp = np.arange(SIDE) / SIDE
    on = np.random.default_rng(0).random((SIDE, SIDE)) < ramp
    return np.where(on[..., None], 255, 0).repeat(3, 2).astype(np.uint8)


def stripes() -> Picture:
    return np.where(np.arange(SIDE)[None, :, None] // 3 % 2, 255, 0).repeat(SIDE, 0).repeat(3, 2).astype(np.uint8)


def checks() -> Picture:
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.where(((x + y) % 2)[..., None], 255, 0).repeat(3, 2).astype(np.uint8)


def gradient() -> Picture:
    y, x = np.mgrid[:SIDE, :SIDE]
    return np.stack([x * 255 // SIDE, y * 255 // SIDE, (x + y) * 255 // (2 * SIDE)], 2).astype(np.uint8)


def noise() -> Picture:
    return np.clip(np.random.default_rng(0).normal(128, 8, (SIDE, SIDE, 3)), 0, 255).astype(np.uint8)


def over_exposed() -> Picture:
    return np.clip(macaws(100, 200).astype(int) * 2 + 20, 0, 255).astype(np.uint8)


PICTURES: dict[str, Callable[[], Picture]] = {
    "feathers": lambda: macaws(120, 160),
    "leaves": lambda: macaws(0, 0),
    "over-exposed": over_exposed,
    "drawing": drawing,
    "text": text,
    "screen": screen,
    "lines": lines,
    "dither": dither,
    "stripes": stripes,
    "checks": checks,
    "gradient": gradient,
    "noise": noise,
}


@pytest.fixture(scope="module")
def restorer() -> Restorer:
    return Restorer(threads=1)


def psnr(one: NDArray[Any], other: NDArray[Any]) -> float:
    return 10 * math.log10(255**2 / max(np.square(one.astype(float) - other).mean(), PERFECT))


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
@pytest.mark.parametrize("name", PICTURES)
def test_it_gets_no_worse(name: str, subsampling: str, restorer: Restorer, jpeg: Callable[..., bytes]) -> None:
    original = PICTURES[name]()
    for quality in (90, 95, 98, 100):
        data = jpeg(original, quality, subsampling)
        before = psnr(read_jpeg(data).pixels, original)
        for project in (None, False):
            done = restore(data, model=restorer, project=project)
            assert done.origin == "file"
            assert psnr(done.image.pixels, original) >= before - ALLOWED, (quality, project)


@pytest.mark.parametrize("name", ["drawing", "text", "screen", "lines", "dither", "stripes", "checks"])
def test_what_is_drawn_gets_no_worse_at_lower_qualities(
    name: str, restorer: Restorer, jpeg: Callable[..., bytes]
) -> None:
    original = PICTURES[name]()
    for quality in (30, 60, 80):
        data = jpeg(original, quality, "4:2:0")
        before = psnr(read_jpeg(data).pixels, original)
        assert psnr(restore(data, model=restorer).image.pixels, original) >= before - ALLOWED, quality


def test_photographs_are_no_patterns(jpeg: Callable[..., bytes]) -> None:
    patterns, shades = ("text", "screen", "lines", "dither", "stripes", "checks"), ("feathers", "leaves", "gradient")
    for name in (*patterns, *shades):
        for quality in (30, 80):
            assert patterned(read_jpeg(jpeg(PICTURES[name](), quality)).pixels) == (name in patterns), name


@pytest.mark.parametrize("name", ["stripes", "checks", "gradient"])
def test_a_pattern_is_no_sign_of_coding(name: str, restorer: Restorer) -> None:
    from latentpress.image import Image as Picture

    with pytest.raises(InvalidInputError, match="no sign of JPEG"):
        restore(Picture(PICTURES[name]()), model=restorer)


@pytest.mark.parametrize("quality", [20, 92])
def test_strength_goes_from_nothing_to_all(quality: int, restorer: Restorer, jpeg: Callable[..., bytes]) -> None:
    """Each step up in strength moves the picture further from the decoded one; half of it lies half way."""
    source = read_jpeg(jpeg(macaws(120, 160), quality))
    moved = []
    for strength in (0.0, 0.25, 0.5, 0.75, 1.0):
        result = restorer.restore(source.pixels, source.quantisation, strength=strength)
        moved.append(float(np.square(result.astype(float) - source.pixels).mean()))
    assert moved[0] == 0
    assert all(a < b for a, b in pairwise(moved))
    if quality == 20:
        assert moved[2] == pytest.approx(moved[4] / 4, rel=0.1)
