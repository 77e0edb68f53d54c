"""A JPEG file at three levels of decompression."""

from __future__ import annotations

import io

import numpy as np
import pytest
from PIL import Image as PillowImage

pytest.importorskip("torch")

from latentpress.codecs.jpeg import read_jpeg
from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image
from latentpress.training.jpeg_levels import as_blocks, as_planes, dequantised, planes_of, quantised


def saved(pixels: np.ndarray, **more: object) -> bytes:
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "JPEG", quality=70, **more)
    return buffer.getvalue()


def test_pixels_are_those_of_libjpeg(photograph: Image) -> None:
    data = saved(photograph.pixels[:, :, 1])
    (plane,) = planes_of(read_jpeg(data), "pixels")
    decoded = np.asarray(PillowImage.open(io.BytesIO(data))).astype(float)
    assert np.abs(np.clip(plane + 128, 0, 255) - decoded).max() <= 1


def test_levels_differ_by_the_steps_and_the_transform(photograph: Image) -> None:
    data = saved(photograph.pixels, subsampling=2)
    file = read_jpeg(data)
    levels, coefficients = quantised(file), dequantised(file)
    assert [one.shape for one in levels] == [(24, 32, 8, 8), (12, 16, 8, 8), (12, 16, 8, 8)]
    table = np.array(PillowImage.open(io.BytesIO(data)).quantization[1]).reshape(8, 8)
    assert np.array_equal(coefficients[2], levels[2] * table)
    for level, blocks in (("quantised", levels), ("dequantised", coefficients)):
        planes = planes_of(file, level)
        assert all(np.array_equal(one, as_planes(two)) for one, two in zip(planes, blocks, strict=True))


def test_blocks_have_a_channel_for_each_frequency() -> None:
    blocks = np.random.default_rng(0).normal(size=(2, 3, 5, 8, 8)).astype(np.float32)
    channels = as_blocks(as_planes(blocks))
    assert channels.shape == (128, 3, 5)
    assert np.array_equal(channels[64 + 8 * 2 + 7], blocks[1, :, :, 2, 7])
    with pytest.raises(UnsupportedError, match="12x8"):
        as_blocks(np.zeros((1, 8, 12)))


def test_an_unknown_level_is_refused() -> None:
    with pytest.raises(InvalidInputError, match="level is one of"):
        planes_of(read_jpeg(saved(np.zeros((8, 8), np.uint8))), "raw")
