"""The restorer that ships: better where a JPEG is bad, and never worse where it is good. On pictures not trained on."""

from __future__ import annotations

import io
import math
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

from latentpress.models import installed_models
from latentpress.restoration import Restorer, restore

MACAWS = Path(__file__).parents[2] / "examples" / "macaws.png"


@pytest.fixture(scope="module")
def original() -> NDArray[np.uint8]:
    with Image.open(MACAWS) as picture:
        return np.asarray(picture.convert("RGB"))[:384]


@pytest.fixture(scope="module")
def restorer() -> Restorer:
    return Restorer(threads=1)


def psnr(one: NDArray[Any], other: NDArray[Any]) -> float:
    return 10 * math.log10(255**2 / np.square(one.astype(float) - other).mean())


@pytest.mark.parametrize(
    ("quality", "least"), [(10, 1.2), (20, 1.1), (40, 1.0), (75, 0.7), (90, 0.0), (95, 0.0), (100, -0.02)]
)
@pytest.mark.parametrize("project", [True, False])
def test_gain_over_the_jpeg(
    quality: int,
    least: float,
    project: bool,
    original: NDArray[np.uint8],
    restorer: Restorer,
    jpeg: Callable[..., bytes],
) -> None:
    data = jpeg(original, quality)
    with Image.open(io.BytesIO(data)) as picture:
        before = psnr(np.asarray(picture), original)
    done = restore(data, model=restorer, project=project)
    assert psnr(done.image.pixels, original) >= before + least
    if project and quality <= 40:
        assert done.kept is not None
        assert done.kept >= 0.999


def test_444_and_gray_gain_too(original: NDArray[np.uint8], restorer: Restorer, jpeg: Callable[..., bytes]) -> None:
    for pixels, subsampling in ((original, "4:4:4"), (original[:, :, 1], "4:4:4"), (original, "4:2:2")):
        data = jpeg(np.ascontiguousarray(pixels), 20, subsampling)
        before = restore(data, model=restorer, strength=0).image.pixels
        after = restore(data, model=restorer).image.pixels
        reference = pixels.reshape(after.shape)
        assert psnr(after, reference) > psnr(before, reference) + 0.5


@pytest.mark.parametrize(("first", "second"), [(30, 60), (50, 50), (20, 85)])
def test_a_part_of_a_jpeg_saved_again_gains_too(
    first: int, second: int, original: NDArray[np.uint8], restorer: Restorer, jpeg: Callable[..., bytes]
) -> None:
    """The blocks of the two codings lie on grids that are 5 and 3 pixels apart."""
    with Image.open(io.BytesIO(jpeg(original, first))) as picture:
        part = np.ascontiguousarray(np.asarray(picture)[5:, 3:])
    data = jpeg(part, second)
    with Image.open(io.BytesIO(data)) as picture:
        before = psnr(np.asarray(picture), original[5:, 3:])
    assert psnr(restore(data, model=restorer).image.pixels, original[5:, 3:]) > before + 0.4


def test_a_clean_picture_as_a_good_jpeg_stays(restorer: Restorer, jpeg: Callable[..., bytes]) -> None:
    """Flat colours and hard edges at the best qualities: what the network never saw much of."""
    y, x = np.mgrid[:128, :160]
    pixels = np.full((128, 160, 3), (250, 250, 245), np.uint8)
    pixels[(x // 9 + y // 13) % 4 == 0] = (20, 30, 90)
    for quality in (90, 95, 98):
        data = jpeg(pixels, quality)
        before = restore(data, model=restorer, strength=0).image.pixels
        assert psnr(restore(data, model=restorer).image.pixels, pixels) >= psnr(before, pixels) - 0.02


def test_the_card_tells_what_was_run() -> None:
    packages = installed_models("restore")
    assert packages
    for package in packages:
        card = package.card
        assert card["complexity"]["kmac_per_pixel"]["decoder"] <= 45
        assert card["training"]["steps"] > 0
        assert card["check"]["pictures"] > 0
        assert package.config["margin"] % package.config["multiple"] == 0
