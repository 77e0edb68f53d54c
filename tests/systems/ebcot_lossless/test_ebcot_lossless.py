"""The lossless wavelet codec: deep samples, noise, tiles, size beside JPEG 2000's."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import features

from latentpress.codecs import tiles
from latentpress.image import Image
from latentpress.systems.ebcot_lossless.codec import EbcotLosslessCodec


@pytest.mark.parametrize("depth", [8, 11, 16])
def test_extreme_samples_come_back(depth: int) -> None:
    rng = np.random.default_rng(depth)
    samples = rng.integers(0, 2**depth, (45, 70, 3)).astype(np.uint8 if depth == 8 else np.uint16)
    samples[:20] = (samples[:20] > 2 ** (depth - 1)) * np.array(2**depth - 1, samples.dtype)
    image = Image(samples, depth)
    assert EbcotLosslessCodec().decode(EbcotLosslessCodec().encode(image)) == image


def test_tiles_lose_nothing(photograph: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tiles, "_SIDE", 4)
    monkeypatch.setattr(tiles, "_WHOLE", 2)
    image = Image(photograph.pixels[:150].copy())
    assert EbcotLosslessCodec().decode(EbcotLosslessCodec().encode(image)) == image


@pytest.mark.skipif(not features.check("jpg_2000"), reason="Pillow without OpenJPEG")
def test_about_as_small_as_jpeg_2000(photograph: Image) -> None:
    stream = io.BytesIO()
    PillowImage.fromarray(photograph.pixels).save(stream, "JPEG2000", irreversible=False)
    assert len(EbcotLosslessCodec().encode(photograph)) < 1.04 * len(stream.getvalue())
