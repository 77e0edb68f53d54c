"""The shipped model, a photograph to code with it, and small pictures of all kinds."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from latentpress.image import Image, read
from latentpress.systems.hyperprior.codec import HyperpriorCodec

EXAMPLE = Path(__file__).parents[2] / "examples" / "macaws.png"
Make = Callable[..., Image]


@pytest.fixture(scope="session")
def codec() -> HyperpriorCodec:
    return HyperpriorCodec(threads=1)


@pytest.fixture(scope="session")
def photograph() -> Image:
    """A part of the example picture, 256 wide and 192 high."""
    return Image(read(EXAMPLE).pixels[100:292, 200:456].copy())


@pytest.fixture(scope="session")
def make() -> Make:
    """Factory: ``make(height, width, channels, depth, seed)``, slopes, an edge and noise over the whole range."""

    def build(height: int, width: int, channels: int = 3, depth: int = 8, seed: int = 0) -> Image:
        rng = np.random.default_rng([seed, height, width, channels, depth])
        y, x = np.mgrid[0:height, 0:width]
        planes = [0.2 + 0.6 * (x + 3 * c) / (width + 9) + 0.2 * (y > height // 2) for c in range(channels)]
        samples = np.clip(np.stack(planes, axis=2) + rng.normal(0, 0.01, (height, width, channels)), 0, 1)
        if channels in (2, 4):
            samples[:, :, -1] = np.clip((x - width / 4) / (width / 3), 0, 1)
        kind = np.uint8 if depth == 8 else np.uint16
        return Image(np.rint(samples * (2**depth - 1)).astype(kind), depth)

    return build
