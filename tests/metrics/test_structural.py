"""SSIM by hand, against scikit-image, and against values that it gave."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from latentpress.errors import InvalidInputError
from latentpress.metrics import ssim

# scikit-image 0.26: structural_similarity(a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False).
PINNED = {
    "noise": 0.478736840103,
    "blur": 0.740891160203,
    "contrast": 0.94642023027,
    "blocks": 0.851562120989,
    "tint": 0.984247535029,
}


def test_flat_pictures_by_hand() -> None:
    """Without variance only the luminance factor is left."""
    a, b, c1 = 100.0, 140.0, (0.01 * 255) ** 2
    pictures = [np.full((16, 20), level, np.uint8) for level in (a, b)]
    assert ssim(*pictures) == pytest.approx((2 * a * b + c1) / (a * a + b * b + c1), abs=1e-12)


def test_pinned(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    name, a, b = distorted
    assert ssim(a, b) == pytest.approx(PINNED[name], abs=1e-10)


@pytest.mark.parametrize("crop", [(168, 200), (57, 73), (11, 11)])
def test_against_scikit_image(distorted: tuple[str, np.ndarray, np.ndarray], crop: tuple[int, int]) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    a, b = (picture[: crop[0], : crop[1]] for picture in distorted[1:])
    expected = metrics.structural_similarity(
        a, b, gaussian_weights=True, sigma=1.5, use_sample_covariance=False, data_range=255, channel_axis=2
    )
    assert ssim(a, b) == pytest.approx(expected, abs=1e-10)


def test_colour_is_the_mean_of_the_channels(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    _, a, b = distorted
    assert ssim(a, b) == pytest.approx(np.mean([ssim(a[..., c], b[..., c]) for c in range(3)]), abs=1e-12)
    assert ssim(a[..., :1], b[..., :1]) == ssim(a[..., 0], b[..., 0])
    assert ssim(b, a) == pytest.approx(ssim(a, b), abs=1e-12)
    assert ssim(a, a) == pytest.approx(1.0, abs=1e-12)


def test_it_can_be_negative(scene: Callable[..., np.ndarray]) -> None:
    a = scene(64, 64, 1)
    texture = (a.astype(int) - 128) // 2 + 128
    assert ssim(texture.astype(np.uint8), (256 - texture).astype(np.uint8)) < 0


def test_refusals(scene: Callable[..., np.ndarray]) -> None:
    a = scene(10, 40)
    with pytest.raises(InvalidInputError, match="at least 11 pixels, not 40x10"):
        ssim(a, a)
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        ssim(a, a[:-1])
    with pytest.raises(InvalidInputError, match="has the shape"):
        ssim(a[None], a[None])
