"""Our own JPEG decoder and encoder, held against libjpeg's to the bit."""

from __future__ import annotations

import contextlib
import warnings
from typing import Any

import imagecodecs
import numpy as np
import pytest

from latentpress.codecs.jpeg import CutJpegWarning, decode_jpeg, encode_jpeg
from latentpress.codecs.jpeg.colour import ColourSpace
from latentpress.errors import CorruptFileError, InvalidInputError, LatentPressError, LimitError, UnsupportedError

from .samples import decoded, picture, saved

SIZES = [(1, 1), (17, 9), (65, 62), (2, 100)]
WAYS: dict[str, dict[str, Any]] = {
    "standard": {},
    "optimised": {"optimize": True},
    "progressive": {"progressive": True},
    "restarts": {"restart_marker_blocks": 3},
    "progressive-restarts": {"progressive": True, "restart_marker_blocks": 5},
}


def pixels(width: int, height: int, mode: str = "RGB") -> Any:
    """As files have them."""
    found = np.atleast_3d(np.asarray(picture(width, height, mode)))
    return 255 - found if mode == "CMYK" else found


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("size", SIZES)
def test_the_bytes_are_those_of_libjpeg(way: str, size: tuple[int, int]) -> None:
    settings = WAYS[way]
    ours = {
        "progressive": settings.get("progressive", False),
        "optimise": settings.get("optimize", False),
        "restart": settings.get("restart_marker_blocks", 0),
    }
    for quality in (5, 60, 100):
        for sampling in ("4:4:4", "4:2:2", "4:2:0"):
            theirs = saved(picture(*size), quality=quality, subsampling=sampling, **settings)
            assert encode_jpeg(pixels(*size), quality, sampling=sampling, **ours) == theirs
            assert np.array_equal(decode_jpeg(theirs), decoded(theirs))
        for mode in ("L", "CMYK"):
            theirs = saved(picture(*size, mode), quality=quality, **settings)
            assert encode_jpeg(pixels(*size, mode), quality, **ours) == theirs
            assert np.array_equal(decode_jpeg(theirs), decoded(theirs))


@pytest.mark.parametrize("sampling", ["4:1:1", "4:4:0"])
def test_samplings_that_pillow_does_not_write(sampling: str) -> None:
    for size in (*SIZES, (111, 73)):
        theirs = bytes(imagecodecs.jpeg8_encode(pixels(*size), 85, subsampling=sampling.replace(":", "")))
        assert encode_jpeg(pixels(*size), 85, sampling=sampling, optimise=False) == theirs
        assert np.array_equal(decode_jpeg(theirs), decoded(theirs))


@pytest.mark.parametrize(("mode", "space"), [("RGB", "rgb"), ("CMYK", "ycck")])
def test_colours_that_are_not_usual(mode: str, space: ColourSpace) -> None:
    for progressive in (False, True):
        data = encode_jpeg(pixels(50, 41, mode), 95, space=space, progressive=progressive, sampling="4:4:4")
        assert np.array_equal(decode_jpeg(data), decoded(data))
        assert np.abs(decode_jpeg(data).astype(int) - pixels(50, 41, mode)).mean() < 3


@pytest.mark.parametrize("progressive", [False, True])
@pytest.mark.parametrize("mode", ["L", "RGB", "CMYK"])
def test_arithmetic_codes(mode: str, progressive: bool) -> None:
    """Ours, read by libjpeg: other writers of them are rare."""
    for size in SIZES:
        for quality in (8, 90):
            for restart in (0, 2):
                data = encode_jpeg(
                    pixels(*size, mode), quality, arithmetic=True, progressive=progressive, restart=restart
                )
                plain = encode_jpeg(pixels(*size, mode), quality)
                assert np.array_equal(decode_jpeg(data), decoded(plain))
                assert np.array_equal(decoded(data), decoded(plain))


def test_what_is_whole_of_a_file_that_is_cut_short() -> None:
    """Rows of blocks that have come are those of the whole file, and each further scan makes the picture finer."""
    image = picture(160, 120)
    for settings in ({}, {"restart_marker_blocks": 4}):
        data = saved(image, quality=80, **settings)
        whole, before = decode_jpeg(data), -1
        for size in np.linspace(700, len(data) - 2, 6).astype(int):
            with pytest.warns(CutJpegWarning, match="cut short"):
                found = decode_jpeg(data[:size])
            rows = int((found == whole).all(axis=(1, 2)).argmin()) if size < len(data) - 2 else 120
            assert before < rows or before == rows == 0
            before = rows
        assert before == 120
    for data in (saved(image, progressive=True), encode_jpeg(pixels(160, 120), progressive=True, arithmetic=True)):
        whole, errors = decode_jpeg(data), []
        for size in np.linspace(len(data) // 4, len(data) - 2, 5).astype(int):
            with pytest.warns(CutJpegWarning):
                errors.append(float(np.abs(decode_jpeg(data[:size]).astype(int) - whole).mean()))
        assert errors == sorted(errors, reverse=True)
        assert errors[-1] < 0.1  # the last blocks of arithmetic codes are not known to be whole
    with pytest.raises(CorruptFileError, match="no picture"):
        decode_jpeg(data[:100])


def test_what_is_between_codes_and_markers_does_not_matter() -> None:
    """Bytes and bits that programs skip; behind the codes they are zeros, of which a file of libjpeg has none."""
    data = saved(picture(50, 40), quality=90)
    tables = data.index(b"\xff\xdb")
    for other in (data[:tables] + b"\0junk\xff\0" + data[tables:], data[:-2] + b"\0\0" + data[-2:]):
        assert np.array_equal(decode_jpeg(other), decoded(other))
        assert np.array_equal(decode_jpeg(other), decode_jpeg(data))


@pytest.mark.parametrize("way", [*WAYS, "arithmetic", "progressive-arithmetic"])
def test_damage_never_raises_anything_else(way: str) -> None:
    rng = np.random.default_rng(7)
    if way.endswith("arithmetic"):
        whole = encode_jpeg(pixels(60, 50), 85, progressive=way.startswith("progressive"), arithmetic=True)
    else:
        whole = saved(picture(60, 50), quality=85, **WAYS[way])
    for _ in range(30):
        data = bytearray(whole)
        for _ in range(rng.integers(1, 4)):
            data[rng.integers(2, len(data))] = rng.integers(256)
        for part in (data, data[: rng.integers(len(data))]):
            with warnings.catch_warnings(), contextlib.suppress(LatentPressError):
                warnings.simplefilter("ignore", CutJpegWarning)
                decode_jpeg(bytes(part))


def test_refused() -> None:
    for settings in ({"quality": 0}, {"quality": 101}, {"sampling": "4:2:1"}, {"restart": 1 << 16}, {"space": "gray"}):
        with pytest.raises(InvalidInputError):
            encode_jpeg(pixels(8, 8), **settings)
    others: list[Any] = [
        np.zeros((4, 4, 2), np.uint8), np.zeros((4, 4, 3), np.uint16), np.zeros((0, 4, 3), np.uint8)
    ]  # fmt: skip
    for wrong in others:
        with pytest.raises(InvalidInputError):
            encode_jpeg(wrong)
    with pytest.raises(UnsupportedError, match="65,500"):
        encode_jpeg(np.zeros((1, 65_501, 1), np.uint8))
    data = saved(picture(64, 64))
    start = data.index(b"\xff\xc0") + 5
    with pytest.raises(LimitError):
        decode_jpeg(data[:start] + b"\xff\xff\xff\xff" + data[start + 4 :])
