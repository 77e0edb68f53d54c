"""Finding the coding of a picture in its pixels."""

from __future__ import annotations

import io
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from latentpress.restoration.blind import estimate_coding
from latentpress.restoration.jpeg import read_jpeg

Photo = NDArray[np.uint8]


@pytest.mark.parametrize("quality", [10, 20, 40, 75])
@pytest.mark.parametrize("cut", [(0, 0), (5, 3), (1, 15), (8, 0)])
def test_quality_and_phase(quality: int, cut: tuple[int, int], photo: Photo, jpeg: Callable[..., bytes]) -> None:
    found = estimate_coding(read_jpeg(jpeg(photo, quality)).pixels[cut[0] :, cut[1] :])
    assert found is not None
    assert abs(found.quality - quality) <= 2
    assert found.phase == (-cut[0] % 16, -cut[1] % 16)


def test_a_file_saved_again_keeps_its_history(photo: Photo, jpeg: Callable[..., bytes]) -> None:
    again = jpeg(read_jpeg(jpeg(photo, 25)).pixels, 92)
    found = estimate_coding(read_jpeg(again).pixels)
    assert found is not None
    assert abs(found.quality - 25) <= 2


def test_gray(photo: Photo, jpeg: Callable[..., bytes]) -> None:
    found = estimate_coding(read_jpeg(jpeg(photo[:, :, 1], 30)).pixels)
    assert found is not None
    assert abs(found.quality - 30) <= 2


def test_no_sign_of_a_coding(photo: Photo) -> None:
    noise = np.random.default_rng(0).integers(0, 256, (128, 128, 3)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(photo).resize((200, 190), Image.Resampling.LANCZOS).save(stream, "PNG")
    scaled = np.asarray(Image.open(stream))
    for pixels in (photo, noise, scaled, np.full((64, 64, 3), 90, np.uint8), photo[:20], photo[:, :9]):
        assert estimate_coding(pixels) is None
