"""Reading JPEG files: tables, subsampling, the components as stored, metadata, and files that are refused."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from latentpress import limits
from latentpress.errors import InvalidInputError, LimitError, UnsupportedError
from latentpress.image import read
from latentpress.restoration.jpeg import is_jpeg, native_planes, read_jpeg
from latentpress.restoration.tables import standard_tables
from latentpress.transforms import block_dct, inverse_block_dct

Photo = NDArray[np.uint8]


@pytest.mark.parametrize(
    ("subsampling", "factors"), [("4:2:0", (2, 2)), ("4:2:2", (1, 2)), ("4:4:4", (1, 1))], ids=["420", "422", "444"]
)
def test_tables_and_subsampling(
    subsampling: str, factors: tuple[int, int], photo: Photo, jpeg: Callable[..., bytes]
) -> None:
    found = read_jpeg(jpeg(photo, 30, subsampling))
    assert found.quantisation.subsampling == factors
    assert np.array_equal(found.quantisation.luma, standard_tables(30)[0])
    assert np.array_equal(found.quantisation.chroma, standard_tables(30)[1])
    assert found.pixels.shape == photo.shape


def test_a_progressive_file(photo: Photo, jpeg: Callable[..., bytes]) -> None:
    one, other = (read_jpeg(jpeg(photo, 30, progressive=progressive)) for progressive in (False, True))
    assert np.array_equal(one.pixels, other.pixels)
    assert np.array_equal(one.quantisation.luma, other.quantisation.luma)


def test_a_gray_file(photo: Photo, jpeg: Callable[..., bytes]) -> None:
    found = read_jpeg(jpeg(photo[:, :, 0], 30))
    assert found.pixels.shape == (256, 256, 1)
    assert np.array_equal(found.quantisation.chroma, found.quantisation.luma)
    assert len(native_planes(found)) == 1


@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_components_are_as_the_file_stores_them(subsampling: str, photo: Photo, jpeg: Callable[..., bytes]) -> None:
    """Their coefficients are multiples of the steps: what a decoder that up-samples or converts would not show."""
    found = read_jpeg(jpeg(photo, 30, subsampling))
    quantisation = found.quantisation
    for plane, steps in zip(
        native_planes(found), (quantisation.luma, quantisation.chroma, quantisation.chroma), strict=True
    ):
        levels = np.rint(block_dct(plane.astype(np.float32) - 128) / steps)
        again = np.clip(inverse_block_dct((levels * steps).astype(np.float32)), -128, 127) + 128
        assert (np.abs(again - plane) < 1.5).mean() > 0.99


def test_of_other_subsamplings_luma_alone(photo: Photo, jpeg: Callable[..., bytes]) -> None:
    assert len(native_planes(read_jpeg(jpeg(photo, 30, "4:2:2")))) == 1


def test_metadata_stay_and_the_picture_is_turned(photo: Photo, jpeg: Callable[..., bytes]) -> None:
    exif = Image.Exif()
    exif[0x0112], exif[0x010F] = 6, "a camera"
    data = jpeg(photo[:200], 90, exif=exif, icc_profile=b"a profile", comment=b"note")
    found = read_jpeg(data)
    assert found.pixels.shape == (200, 256, 3)
    upright, expected = found.with_pixels(found.pixels), read(io.BytesIO(data))
    assert upright == expected
    assert upright.pixels.shape == (256, 200, 3)
    assert upright.metadata == expected.metadata
    assert upright.metadata.icc == b"a profile"
    assert b"a camera" in upright.metadata.exif


def test_refused(photo: Photo, jpeg: Callable[..., bytes], monkeypatch: pytest.MonkeyPatch) -> None:
    data = jpeg(photo)
    assert is_jpeg(data)
    assert not is_jpeg(b"\x89PNG")
    with pytest.raises(InvalidInputError, match="damaged"):
        read_jpeg(data[: len(data) // 2])
    with pytest.raises(InvalidInputError, match="damaged"):
        read_jpeg(data[:30])
    start = data.index(b"\xff\xdb") + 5  # the first table's first step
    with pytest.raises(InvalidInputError, match="step of 0"):
        read_jpeg(data[:start] + b"\0" + data[start + 1 :])
    stream = io.BytesIO()
    Image.new("CMYK", (16, 16)).save(stream, "JPEG")
    with pytest.raises(UnsupportedError, match="CMYK"):
        read_jpeg(stream.getvalue())
    monkeypatch.setattr(limits, "MAX_PIXELS", 1000)
    with pytest.raises(LimitError):
        read_jpeg(data)
