"""Drawings with ``codec="auto"``: without loss where that is smaller."""

from __future__ import annotations

import numpy as np
import pytest
from PIL import Image as PillowImage
from PIL import ImageDraw

import latentpress
from latentpress.codecs.drawn import flat_share
from latentpress.image import Image


@pytest.fixture(scope="module")
def drawing() -> Image:
    """Text on white."""
    picture = PillowImage.new("RGB", (160, 96), "white")
    draw = ImageDraw.Draw(picture)
    for line in range(6):
        draw.text((6, 4 + 15 * line), "the quick brown fox jumps", (20, 20, 60))
    return Image(np.asarray(picture))


@pytest.mark.parametrize("goal", [{}, {"quality": 90}, {"psnr": 30}, {"size": 20_000}])
def test_a_drawing_is_kept_exactly(drawing: Image, goal: dict[str, float]) -> None:
    data = latentpress.compress(drawing, threads=1, **goal)
    lossy = latentpress.compress(drawing, codec="hyperprior", threads=1, **goal)
    assert latentpress.inspect(data).codec == "mlp-lossless"
    assert latentpress.decompress(data) == drawing
    assert len(data) < len(lossy)


def test_who_names_a_codec_or_its_settings_gets_it(drawing: Image) -> None:
    for more in ({"codec": "hyperprior"}, {"tune": "ms-ssim"}, {"roi": [(0, 0, 40, 40)]}):
        assert latentpress.inspect(latentpress.compress(drawing, threads=1, **more)).codec == "hyperprior"


def test_where_loss_is_smaller_it_stays(drawing: Image) -> None:
    noisy = drawing.pixels.copy()
    noisy[:, 80:] = np.random.default_rng(0).integers(0, 256, noisy[:, 80:].shape)
    noisy[:, :40] = 255
    half = Image(np.concatenate([noisy, np.full((120, 160, 3), 255, np.uint8)]))
    assert flat_share(half) > 0.5
    assert latentpress.inspect(latentpress.compress(half, 20, threads=1)).codec == "hyperprior"


def test_photographs_are_not_drawn(photograph: Image) -> None:
    assert flat_share(photograph) < 0.3
    assert latentpress.inspect(latentpress.compress(photograph, threads=1)).codec == "hyperprior"


def test_flatness_of_odd_pictures() -> None:
    for shape in ((1, 9, 3), (9, 1, 1)):
        assert flat_share(Image(np.zeros(shape, np.uint8))) == 0
    deep = np.zeros((9, 9, 4), np.uint16)
    assert flat_share(Image(deep, bit_depth=12)) == 1
