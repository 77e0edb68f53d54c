"""Restoring files and pictures: what the artefacts are taken for, and what stays."""

from __future__ import annotations

import io
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.errors import InvalidInputError, UnsupportedError
from latentpress.image import Image, Metadata, read, write
from latentpress.restoration import Restorer, read_jpeg, restore

Photo = NDArray[np.uint8]


@pytest.fixture(scope="module")
def restorer(random_package: Path) -> Restorer:
    return Restorer(str(random_package), threads=1)


def test_a_file_by_its_own_tables(restorer: Restorer, photo: Photo, jpeg: Callable[..., bytes], tmp_path: Path) -> None:
    data = jpeg(photo, 20, icc_profile=b"a profile")
    (tmp_path / "old.jpg").write_bytes(data)
    done = restore(tmp_path / "old.jpg", model=restorer)
    assert (done.origin, done.quantisation.quality, done.projected) == ("file", 20, True)
    assert done.kept is not None
    assert done.kept >= 0.999
    assert done.image.pixels.shape == photo.shape
    assert done.image != read(io.BytesIO(data))
    assert done.image.metadata.icc == b"a profile"
    assert restore(data, model=restorer).image == done.image
    free = restore(data, model=restorer, project=False)
    assert (free.projected, free.kept) == (False, None)
    assert free.image != done.image


def test_strength_zero_is_the_decoded_file(restorer: Restorer, photo: Photo, jpeg: Callable[..., bytes]) -> None:
    data = jpeg(photo, 20)
    assert restore(data, model=restorer, strength=0).image == read(io.BytesIO(data))


def test_a_told_quality(restorer: Restorer, photo: Photo, jpeg: Callable[..., bytes]) -> None:
    done = restore(jpeg(photo, 90), model=restorer, quality=30)
    assert (done.origin, done.quantisation.quality, done.projected) == ("hint", 30, False)


def test_a_file_saved_again(restorer: Restorer, photo: Photo, jpeg: Callable[..., bytes]) -> None:
    again = jpeg(read_jpeg(jpeg(photo, 20)).pixels, 93)
    done = restore(again, model=restorer)
    assert (done.origin, done.projected) == ("estimate", False)
    assert abs(done.quantisation.quality - 20) <= 2
    with pytest.raises(InvalidInputError, match="nothing to project on"):
        restore(again, model=restorer, project=True)


def test_a_cut_picture_with_alpha(restorer: Restorer, photo: Photo, jpeg: Callable[..., bytes]) -> None:
    pixels = read_jpeg(jpeg(photo, 20)).pixels[3:, 5:]
    alpha = np.arange(pixels.shape[0] * pixels.shape[1]).reshape(pixels.shape[:2]).astype(np.uint8)
    source = Image(np.dstack([pixels, alpha]), metadata=Metadata(exif=b"MM\0*\0\0\0\x08\0\0"))
    done = restore(source, model=restorer)
    assert (done.origin, done.projected) == ("estimate", False)
    assert np.array_equal(done.image.pixels[:, :, 3], alpha)
    assert not np.array_equal(done.image.pixels[:, :, :3], pixels)
    assert done.image.metadata == source.metadata
    straight = restorer.restore(pixels, done.quantisation, phase=(13, 11))
    assert np.array_equal(done.image.pixels[:, :, :3], straight)


def test_a_png_file(restorer: Restorer, photo: Photo, jpeg: Callable[..., bytes], tmp_path: Path) -> None:
    path = tmp_path / "saved.png"
    write(Image(read_jpeg(jpeg(photo, 20)).pixels), path)
    assert restore(path, model=restorer).origin == "estimate"
    with pytest.raises(InvalidInputError, match="project is for JPEG"):
        restore(path, model=restorer, project=True)


def test_a_turned_file(restorer: Restorer, photo: Photo, jpeg: Callable[..., bytes]) -> None:
    """The network sees the blocks where they are; the result is turned."""
    exif = PillowImage.Exif()
    exif[0x0112] = 6
    plain = restore(jpeg(photo[:203], 20), model=restorer).image.pixels
    turned = restore(jpeg(photo[:203], 20, exif=exif), model=restorer).image.pixels
    assert np.array_equal(turned, np.rot90(plain, -1))


def test_refused(restorer: Restorer, photo: Photo, tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="no sign"):
        restore(Image(photo), model=restorer)
    with pytest.raises(UnsupportedError, match="16-bit"):
        restore(Image(photo.astype(np.uint16)), model=restorer)
    with pytest.raises(InvalidInputError, match="strength"):
        restore(Image(photo), model=restorer, strength=1.5)
    with pytest.raises(InvalidInputError, match="cannot read"):
        restore(tmp_path / "nothing.jpg", model=restorer)
    with pytest.raises(InvalidInputError):
        restore(b"no picture", model=restorer)
