"""Pictures in the page: what browsers show, and how near it is."""

from __future__ import annotations

import io
import math

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

from latentpress.bench.coders import get_coder
from latentpress.bench.report.embedding import EXACT, LADDER, Embedded, embed
from latentpress.metrics import psnr

Picture = NDArray[np.uint8]


def shown(image: Embedded, like: Picture) -> Picture:
    """The samples in an embedded file."""
    with PillowImage.open(io.BytesIO(image.data)) as picture:
        assert f"image/{picture.format.lower()}" == image.mime
        return np.asarray(picture.convert("L" if like.shape[2] == 1 else "RGB")).reshape(like.shape)


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("quality", LADDER)
def test_a_copy_says_how_near_it_is(original: Picture, channels: int, quality: int) -> None:
    pixels = np.ascontiguousarray(original[:, :, :channels])
    image = embed(pixels, None, quality)
    assert image.psnr == psnr(pixels, shown(image, pixels))
    assert image.psnr > 28
    assert (image.psnr == math.inf) == (quality == EXACT)
    assert not image.native


def test_less_quality_takes_less_room(original: Picture) -> None:
    sizes = [len(embed(original, None, quality).data) for quality in LADDER]
    assert sizes == sorted(sizes, reverse=True)


@pytest.mark.parametrize("id", ["jpeg-420", "webp", "avif-444"])
def test_files_that_browsers_read_are_carried_as_they_are(original: Picture, id: str) -> None:
    coder = get_coder(id)
    data = coder.encode(original, 40)
    image = embed(coder.decode(data), data, LADDER[-1])
    assert (image.native, image.data) == (True, data)


def test_files_that_browsers_would_show_otherwise_are_copied(original: Picture) -> None:
    picture = PillowImage.fromarray(original)
    plain, turned, coloured = io.BytesIO(), io.BytesIO(), io.BytesIO()
    picture.save(plain, "JPEG", quality=60)
    exif = PillowImage.Exif()
    exif[0x0112] = 3
    picture.save(turned, "JPEG", quality=60, exif=exif)
    picture.save(coloured, "JPEG", quality=60, icc_profile=b"a profile")
    pixels = np.asarray(PillowImage.open(plain))
    assert embed(pixels, plain.getvalue()).native
    assert not embed(pixels[::-1, ::-1].copy(), turned.getvalue()).native
    assert not embed(pixels, coloured.getvalue()).native
    assert not embed(original, plain.getvalue()).native  # the file of another picture
    assert not embed(pixels, plain.getvalue()[:200]).native
    assert not embed(original, get_coder("jpeg2000").encode(original, 1)).native
