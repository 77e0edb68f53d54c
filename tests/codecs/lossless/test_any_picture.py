"""Five hundred pictures of random size, mode, depth and content: each comes back exactly, or within its bound."""

from __future__ import annotations

import numpy as np
import pytest

import latentpress
from latentpress.image import Image
from latentpress.systems.mlp_lossless.codec import MlpLosslessCodec

PARTS, EACH = 20, 25
LARGEST = 56
KINDS = ("noise", "slope", "waves", "few values", "flat", "drawing")


def random_picture(rng: np.random.Generator) -> Image:
    """Most are small, and every side from 1 on is likely."""
    height, width = np.exp(rng.uniform(0, np.log(LARGEST + 1), 2)).astype(int)
    channels, depth = int(rng.integers(1, 5)), int(rng.choice([8, 8, 8, *range(9, 17)]))
    peak, shape = 2**depth - 1, (height, width, channels)
    y, x = np.mgrid[0:height, 0:width]
    kind = rng.choice(KINDS)
    if kind == "noise":
        samples = rng.random(shape)
    elif kind == "slope":
        samples = (rng.random(channels) * x[:, :, None] + rng.random(channels) * y[:, :, None]) / (height + width)
    elif kind == "waves":
        samples = 0.5 + 0.5 * np.sin(x[:, :, None] * rng.random(channels) + y[:, :, None] * rng.random(channels))
    elif kind == "few values":
        samples = rng.random(5)[rng.integers(0, 5, shape)]
    elif kind == "flat":
        samples = np.broadcast_to(rng.random(channels), shape)
    else:
        samples = np.broadcast_to((((x // 3 + y // 2) % 2) * rng.random() + 0.2)[:, :, None], shape)
    noisy = samples + rng.choice([0, 0.004]) * rng.normal(size=shape)
    return Image((np.clip(noisy, 0, 1) * peak).astype(np.uint8 if depth == 8 else np.uint16), depth)


@pytest.mark.parametrize("part", range(PARTS))
def test_any_picture(part: int) -> None:
    """One in five with networks, one in five with a bound, one in five gray ones as a mosaic."""
    rng = np.random.default_rng([2026, part])
    for number in range(EACH):
        image = random_picture(rng)
        bound = int(rng.integers(1, 9)) if number % 5 == 1 else 0
        mosaic = "GRBG" if number % 5 == 2 and image.channels <= 2 else None
        codec = MlpLosslessCodec(bound, mosaic=mosaic, network=number % 5 == 0, verify=False, threads=1)
        back = latentpress.decompress(codec.encode(image))
        assert (back.mode, back.bit_depth) == (image.mode, image.bit_depth)
        error = np.abs(back.pixels.astype(int) - image.pixels)
        colours = image.channels - image.has_alpha
        assert error[:, :, :colours].max() <= bound, (part, number)
        assert error[:, :, colours:].sum() == 0, (part, number)


def test_sizes_and_modes_are_all_there() -> None:
    """The pictures above: every mode, one pixel wide and high ones, deep ones."""
    rng = np.random.default_rng(0)
    found = [random_picture(rng) for _ in range(PARTS * EACH)]
    assert {image.channels for image in found} == {1, 2, 3, 4}
    assert {image.bit_depth for image in found} == set(range(8, 17))
    assert {1, 2, 3, 4, 5} <= {image.width for image in found} & {image.height for image in found}
    assert max(image.width for image in found) > LARGEST // 2
