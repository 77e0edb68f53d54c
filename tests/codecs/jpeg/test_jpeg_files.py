"""JPEG files taken apart and put together again: byte for byte, or refused with one of our errors."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from PIL import Image as PillowImage

from latentpress.codecs.jpeg import encode_lossless, read_jpeg, write_jpeg
from latentpress.errors import CorruptFileError, LatentPressError, UnsupportedError

from .samples import picture, saved

VARIANTS: dict[str, dict[str, Any]] = {
    "baseline": {},
    "optimised": {"optimize": True},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 3},
    "progressive-restarts": {"progressive": True, "restart_marker_rows": 1},
}


def again(data: bytes) -> bytes:
    file = read_jpeg(data)
    return write_jpeg(file.rest, [plane.coefficients for plane in file.planes], file.fills)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("size", [(1, 1), (8, 8), (17, 9), (65, 63), (200, 3)])
def test_the_bytes_come_back(variant: str, size: tuple[int, int]) -> None:
    for quality in (20, 75, 100):
        for subsampling in ("4:4:4", "4:2:2", "4:2:0"):
            data = saved(picture(*size), quality=quality, subsampling=subsampling, **VARIANTS[variant])
            assert again(data) == data, (quality, subsampling)


@pytest.mark.parametrize("variant", VARIANTS)
@pytest.mark.parametrize("mode", ["L", "CMYK"])
def test_other_numbers_of_components(variant: str, mode: str) -> None:
    data = saved(picture(40, 33, mode), quality=80, **VARIANTS[variant])
    assert again(data) == data


def test_long_runs_of_empty_blocks() -> None:
    """More blocks without a coefficient than one end-of-band code can stand for."""
    flat = PillowImage.new("RGB", (2400, 1000), (90, 120, 60))
    flat.paste(picture(64, 64), (1200, 600))
    data = saved(flat, quality=50, subsampling=0, progressive=True)
    assert again(data) == data


def test_what_stands_around_the_picture_is_kept() -> None:
    exif = PillowImage.Exif()
    exif[0x010E] = "a description"
    data = (
        saved(picture(30, 30), exif=exif, icc_profile=b"no real profile" * 9, comment=b"hello") + b"\0trailing\xff\xd8"
    )
    assert again(data) == data
    tables = data.index(b"\xff\xdb")
    junk = data[:tables] + b"\0no marker\xff\0" + data[tables:]
    assert again(junk) == junk


def test_coefficients_are_those_of_the_picture() -> None:
    """A gray picture of one even block: its DC, and nothing else."""
    file = read_jpeg(saved(PillowImage.new("L", (8, 8), 200), quality=50))
    (plane,) = file.planes
    assert plane.coefficients.shape == (1, 1, 64)
    assert plane.coefficients[0, 0, 0] == (200 - 128) * 8 // 16  # over the first step of the standard's table
    assert not plane.coefficients[0, 0, 1:].any()
    assert plane.table[0] == 16


def test_kinds_that_are_not_taken_apart() -> None:
    data = saved(picture(16, 16))
    start = data.index(b"\xff\xc0")
    with pytest.raises(UnsupportedError, match="no coefficients"):
        read_jpeg(encode_lossless(np.zeros((8, 8, 1), np.uint8)))
    for kind, message in ((b"\xc5", "hierarchical"), (b"\xcb", "lossless")):
        with pytest.raises(UnsupportedError, match=message):
            read_jpeg(data[: start + 1] + kind + data[start + 2 :])
    with pytest.raises(UnsupportedError, match="8 bits"):
        read_jpeg(data[: start + 4] + b"\x0c" + data[start + 5 :])


def test_a_file_that_is_cut_short() -> None:
    data = saved(picture(64, 64))
    for size in (0, 1, 2, 100, len(data) // 2, len(data) - 2):
        with pytest.raises(CorruptFileError):
            read_jpeg(data[:size])


@pytest.mark.parametrize("variant", VARIANTS)
def test_damage_is_refused_or_comes_back_as_it_is(variant: str) -> None:
    """What changes a file at random never raises anything but our errors, and never gives other bytes unnoticed."""
    rng = np.random.default_rng(5)
    whole = saved(picture(60, 50), quality=85, **VARIANTS[variant])
    for _ in range(40):
        data = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(2, len(data))] = rng.integers(256)
        try:
            file = read_jpeg(bytes(data))
            write_jpeg(file.rest, [plane.coefficients for plane in file.planes], file.fills)
        except LatentPressError:
            continue
