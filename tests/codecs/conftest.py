"""The shipped model, and a photograph to code with it."""

from __future__ import annotations

from pathlib import Path

import pytest

from latentpress.codecs.hyperprior import HyperpriorCodec
from latentpress.image import Image, read

EXAMPLE = Path(__file__).parents[2] / "examples" / "macaws.png"


@pytest.fixture(scope="session")
def codec() -> HyperpriorCodec:
    return HyperpriorCodec(threads=1)


@pytest.fixture(scope="session")
def photograph() -> Image:
    """A part of the example picture, 256 wide and 192 high."""
    return Image(read(EXAMPLE).pixels[100:292, 200:456].copy())
