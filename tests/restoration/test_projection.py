"""Projection: what is restored compresses to the same coefficients again."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image, ImageFilter

from latentpress.restoration.jpeg import JpegPicture, native_planes, read_jpeg
from latentpress.restoration.projection import Projection

Photo = NDArray[np.uint8]


def blurred(pixels: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Stands for any restorer: smooth, and far outside the intervals."""
    picture = Image.fromarray(pixels if pixels.shape[2] > 1 else pixels[:, :, 0])
    return np.asarray(picture.filter(ImageFilter.GaussianBlur(1.0))).reshape(pixels.shape)


def same_blocks(jpeg: JpegPicture, pixels: NDArray[np.uint8], subsampling: str) -> float:
    """Share of blocks, of all components, that decode to the very same samples after compressing again with the
    file's tables: a check that knows nothing of our own DCT.
    """
    tables = [[int(v) for v in t.ravel()] for t in (jpeg.quantisation.luma, jpeg.quantisation.chroma)]
    stream = io.BytesIO()
    picture = Image.fromarray(pixels if pixels.shape[2] > 1 else pixels[:, :, 0])
    picture.save(stream, "JPEG", qtables=tables[: pixels.shape[2]], subsampling=subsampling)
    again = read_jpeg(stream.getvalue())
    same = []
    for one, other in zip(native_planes(jpeg), native_planes(again), strict=True):
        equal = (one == other).reshape(one.shape[0] // 8, 8, one.shape[1] // 8, 8)
        same.append(equal.all(axis=(1, 3)).ravel())
    return float(np.concatenate(same).mean())


@pytest.mark.parametrize("quality", [5, 10, 20, 40])
@pytest.mark.parametrize("subsampling", ["4:2:0", "4:4:4"])
def test_compressed_again_it_is_the_same(
    quality: int, subsampling: str, photo: Photo, jpeg: Callable[..., bytes]
) -> None:
    source = read_jpeg(jpeg(photo, quality, subsampling))
    projection = Projection(source)
    start = blurred(source.pixels)
    assert same_blocks(source, start, subsampling) < 0.97
    result = projection(start)
    assert same_blocks(source, result, subsampling) >= 0.999
    assert projection.kept(result) >= 0.999 > projection.kept(start)


def test_gray(photo: Photo, jpeg: Callable[..., bytes]) -> None:
    source = read_jpeg(jpeg(photo[:, :, 0], 20))
    result = Projection(source)(blurred(source.pixels))
    assert same_blocks(source, result, "4:4:4") >= 0.999


def test_it_moves_towards_the_original_and_no_more_than_needed(photo: Photo, jpeg: Callable[..., bytes]) -> None:
    source = read_jpeg(jpeg(photo, 20))
    projection, start = Projection(source), blurred(source.pixels)
    result = projection(start)
    error = [np.square(p.astype(float) - photo).mean() for p in (start, result)]
    assert error[1] < error[0]
    again = projection(result)
    assert np.array_equal(again, result)


def test_coefficients_are_found_where_the_decoder_clipped(photo: Photo, jpeg: Callable[..., bytes]) -> None:
    """An over-exposed picture: it compresses to the file's coefficients by definition, and the decoded JPEG does not,
    because it clips what the coefficients say.
    """
    pixels = np.clip(photo.astype(int) * 2 + 20, 0, 255).astype(np.uint8)
    source = read_jpeg(jpeg(pixels, 30))
    projection = Projection(source)
    assert projection.kept(pixels) >= 0.96
    assert projection.kept(source.pixels) < projection.kept(pixels) - 0.05
    assert projection.kept(projection(blurred(source.pixels))) >= 0.98


@pytest.mark.parametrize("size", [(1, 1), (7, 30), (16, 16), (75, 41), (101, 255), (270, 33)])
def test_any_size(size: tuple[int, int], photo: Photo, jpeg: Callable[..., bytes]) -> None:
    pixels = np.pad(photo, ((0, 64), (0, 0), (0, 0)), mode="reflect")[: size[0], : size[1]]
    source = read_jpeg(jpeg(np.ascontiguousarray(pixels), 20))
    projection = Projection(source)
    assert projection.kept(pixels) >= 0.97  # the original itself
    result = projection(blurred(source.pixels))
    assert result.shape == pixels.shape
    assert projection.kept(result) >= 0.95  # dark leaves: few blocks, some of them at the edge of the colours there are
