"""A sound file with everything in it, and what is made of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from latentpress.codecs import tiles
from latentpress.image import Image, Metadata, read
from latentpress.systems.hyperprior.codec import HyperpriorCodec

EXAMPLE = Path(__file__).parents[2] / "examples" / "macaws.png"


@pytest.fixture(scope="session")
def sound() -> bytes:
    """An RGBA picture of 160 x 144 pixels in six tiles, with colour profile, EXIF and XMP."""
    colour = read(EXAMPLE).pixels[100:244, 200:360]
    alpha = np.indices(colour.shape[:2]).sum(axis=0).astype(np.uint8)
    image = Image(np.dstack([colour, alpha]), metadata=Metadata(b"profile" * 9, b"MM\0*\0\0\0\x08\0\0", b"<xmp/>"))
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(tiles, "_SIDE", 4)
        patch.setattr(tiles, "_WHOLE", 2)
        return HyperpriorCodec(threads=1).encode(image, quality=20)
