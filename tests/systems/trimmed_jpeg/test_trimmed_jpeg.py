"""JPEG without high frequencies: what is sent, and that the network puts back more than JPEG loses."""

from __future__ import annotations

import io
import zlib

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress import container
from latentpress.codecs import get_codec
from latentpress.codecs.base import Codec
from latentpress.codecs.jpeg import read_jpeg
from latentpress.container import STREAM, Chunk
from latentpress.errors import CorruptFileError, UnsupportedError
from latentpress.image import Image
from latentpress.models import find_model
from latentpress.restoration.tables import standard_quantisation
from latentpress.systems.trimmed_jpeg.codec import sent


@pytest.fixture(scope="module")
def codec() -> Codec:
    try:
        find_model("trimmed-jpeg")
    except UnsupportedError:
        pytest.skip("the zoo is not installed")
    return get_codec("trimmed-jpeg", threads=1)


def _error(one: NDArray[np.uint8], other: NDArray[np.uint8]) -> float:
    return float(np.square(one.astype(float) - other).mean())


def test_three_fifths_are_left_out(photograph: Image) -> None:
    for plane in read_jpeg(sent(photograph.pixels.astype(np.uint8), 75)).planes:
        coefficients = plane.coefficients.reshape(-1, 64)
        assert (coefficients[:, 26:] != 0).mean() < 1e-3
        assert (coefficients[:, 1:26] != 0).any()
    tables = standard_quantisation(75).without(0.6)
    assert (tables.luma == 255).sum() == (tables.chroma == 255).sum() == 38


def test_the_network_puts_them_back(codec: Codec, photograph: Image) -> None:
    pixels = photograph.pixels.astype(np.uint8)
    for quality in (30, 70):
        data = codec.encode(photograph, quality)
        stream = next(chunk.payload for chunk in container.read(data)[1] if chunk.kind == STREAM)
        shown = np.asarray(PillowImage.open(io.BytesIO(bytes(stream)[4:])).convert("RGB"))
        assert _error(codec.decode(data).pixels, pixels) < 0.85 * _error(shown, pixels)


def test_another_picture_inside_is_damage(codec: Codec, photograph: Image) -> None:
    header, _ = container.read(codec.encode(photograph, 30))
    smaller = sent(photograph.pixels[:32, :32].astype(np.uint8), 30)
    for stream in (smaller, b"no JPEG", smaller[:100]):
        with pytest.raises(CorruptFileError):
            codec.decode(container.write(header, [Chunk(STREAM, zlib.crc32(stream).to_bytes(4, "little") + stream)]))
