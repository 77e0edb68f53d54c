"""Scans are those of CharLS, an independent implementation, bit for bit; bounds hold; damage is told."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.image import Image
from latentpress.systems.jpeg_ls.codec import JpegLsCodec


def planes() -> dict[str, tuple[NDArray[Any], int]]:
    """Samples of one channel, and their depth."""
    rng = np.random.default_rng(1)
    y, x = np.mgrid[0:23, 0:31]
    smooth = 128 + 60 * np.sin(x / 5) + 50 * np.cos(y / 4) + rng.normal(0, 2, x.shape)
    steps = y // 7 * 9 + x // 13 * 5 * (rng.random(x.shape) < 0.95)
    return {
        "smooth": (smooth.astype(np.uint8), 8),
        "noise": (rng.integers(0, 256, (17, 19)).astype(np.uint8), 8),
        "extremes": (rng.integers(0, 2, (20, 20)).astype(np.uint8) * 255, 8),
        "runs": (steps.astype(np.uint8), 8),
        "flat": (np.full((9, 300), 7, np.uint8), 8),
        "deep": ((smooth * 250).astype(np.uint16), 16),
        "column": (smooth[:, :1].astype(np.uint8), 8),
    }


@pytest.mark.parametrize("near", [0, 1, 5])
@pytest.mark.parametrize("name", planes())
def test_scans_of_charls(name: str, near: int) -> None:
    imagecodecs = pytest.importorskip("imagecodecs")
    plane, depth = planes()[name]
    decoded = plane.astype(np.int64)
    scan = JpegLsCodec().write(decoded, depth, 0, near)
    file: bytes = imagecodecs.jpegls_encode(plane, level=near)
    start = file.index(b"\xff\xda")
    start += 2 + int.from_bytes(file[start + 2 : start + 4], "big")
    assert scan == file[start:-2]
    assert np.array_equal(imagecodecs.jpegls_decode(file), decoded)
    assert np.abs(decoded - plane).max() <= near


def test_bound(picture: Any) -> None:
    image = picture(20, 21)
    codec = JpegLsCodec(max_error=3)
    back = codec.decode(codec.encode(image))
    assert 0 < np.abs(back.pixels.astype(int) - image.pixels).max() <= 3
    assert len(codec.encode(image)) < len(JpegLsCodec().encode(image))


@pytest.mark.parametrize("wrong", [-1, 128, 1.5, True])
def test_refused_bounds(wrong: Any) -> None:
    with pytest.raises(InvalidInputError, match="from 0 to 127"):
        JpegLsCodec(max_error=wrong)


def test_damaged_scans() -> None:
    """No scan breaks the loop: it is read, or told to be damaged."""
    rng = np.random.default_rng(0)
    plane = planes()["runs"][0].astype(np.int64)
    codec = JpegLsCodec()
    scan = bytearray(codec.write(plane, 8, 0, 0))
    told = 0
    for _ in range(40):
        damaged = bytes(rng.integers(0, 256, len(scan)).astype(np.uint8)) if rng.random() < 0.5 else bytes(scan[:-3])
        try:
            codec.read(damaged, plane, 8, 0, 0)
            assert plane.max() <= 255
        except CorruptFileError:
            told += 1
    assert told > 20
    image = Image(planes()["runs"][0][:, :, None])
    assert codec.decode(codec.encode(image)) == image
