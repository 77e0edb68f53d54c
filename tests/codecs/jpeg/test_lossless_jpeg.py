"""Lossless JPEG, held against libjpeg-turbo's and liblj92's."""

from __future__ import annotations

import contextlib
from typing import Any

import imagecodecs
import numpy as np
import pytest

from latentpress.codecs.jpeg import decode_lossless, encode_jpeg, encode_lossless
from latentpress.errors import InvalidInputError, LatentPressError, UnsupportedError

SHAPES = [(1, 1), (1, 9), (9, 1), (5, 2), (37, 52)]


def samples(height: int, width: int, channels: int, bits: int) -> Any:
    """Waves and noise over the whole range, which differences wrap around at."""
    rng = np.random.default_rng(bits)
    y, x = np.mgrid[:height, :width]
    waves = (np.sin(x / 9) + np.cos(y / 7))[:, :, None] * np.array([1, 0.7, 0.3])[:channels] / 4 + 0.5
    levels = (waves + rng.normal(0, 0.05, (height, width, channels))) * 2**bits
    return np.clip(levels, 0, 2**bits - 1).astype(np.uint8 if bits <= 8 else np.uint16)


@pytest.mark.parametrize("predictor", range(1, 8))
@pytest.mark.parametrize("bits", [2, 8, 12, 16])
def test_both_ways(predictor: int, bits: int) -> None:
    for height, width in SHAPES:
        for channels in (1, 3):
            pixels = samples(height, width, channels, bits)
            colours: dict[str, Any] = {"colorspace": "RGB", "outcolorspace": "RGB"} if channels == 3 else {}
            theirs = imagecodecs.jpeg8_encode(
                np.squeeze(pixels, 2) if channels == 1 else pixels,
                lossless=True, predictor=predictor, bitspersample=bits, **colours,
            )  # fmt: skip
            assert np.array_equal(decode_lossless(bytes(theirs)), pixels)
            for restart in (0, 2):
                data = encode_lossless(pixels, predictor, bits=bits, restart=restart)
                assert np.array_equal(decode_lossless(data), pixels)
                assert np.array_equal(imagecodecs.jpeg8_decode(data).reshape(pixels.shape), pixels)
            if channels == 3 and height > 30:
                assert len(encode_lossless(pixels, predictor, bits=bits)) < len(theirs) + 100  # two more tables


@pytest.mark.parametrize("bits", [8, 12, 16])
def test_another_implementation(bits: int) -> None:
    pixels = samples(37, 52, 1, bits)
    theirs = bytes(imagecodecs.ljpeg_encode(pixels[:, :, 0], bitspersample=bits))
    assert np.array_equal(decode_lossless(theirs), pixels)
    for predictor in range(1, 8):
        data = encode_lossless(pixels, predictor, bits=bits)
        assert np.array_equal(imagecodecs.ljpeg_decode(data), pixels[:, :, 0])


def test_differences_as_large_as_can_be() -> None:
    """The size of 16 bits, which no further bits follow."""
    pixels = np.array([[0, 65535, 32767, 65535, 0, 32768, 0]], np.uint16)[:, :, None]
    data = encode_lossless(pixels)
    assert np.array_equal(decode_lossless(data), pixels)
    assert np.array_equal(imagecodecs.jpeg8_decode(data), pixels[:, :, 0])


def test_refused() -> None:
    pixels = samples(8, 8, 3, 8)
    for settings in ({"predictor": 0}, {"predictor": 8}, {"bits": 1}, {"bits": 17}, {"bits": 7}, {"restart": 65535}):
        with pytest.raises(InvalidInputError):
            encode_lossless(pixels, **settings)
    with pytest.raises(InvalidInputError):
        encode_lossless(pixels.astype(np.int16))
    with pytest.raises(UnsupportedError, match="no lossless"):
        decode_lossless(encode_jpeg(pixels))
    data = encode_lossless(pixels, restart=2)
    with pytest.raises(UnsupportedError, match="restart within a row"):
        decode_lossless(data.replace(b"\xff\xdd\x00\x04\x00\x10", b"\xff\xdd\x00\x04\x00\x0f"))


def test_damage_never_raises_anything_else() -> None:
    rng = np.random.default_rng(3)
    whole = encode_lossless(samples(20, 30, 3, 8), 6, restart=4)
    for _ in range(60):
        data = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(2, len(data))] = rng.integers(256)
        with contextlib.suppress(LatentPressError):
            decode_lossless(bytes(data[: rng.integers(len(data))]))
        with contextlib.suppress(LatentPressError):
            decode_lossless(bytes(data))
