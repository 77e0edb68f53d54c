"""MS-SSIM against pytorch-msssim, against values that it gave, and its decibels."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest

from latentpress.errors import InvalidInputError
from latentpress.metrics import ms_ssim, ms_ssim_db, similarity_db

# pytorch-msssim 1.0.0 in float64. Its window is in float32: results differ from the sixth digit on.
PINNED = {
    "noise": 0.887133417498,
    "blur": 0.949670750914,
    "contrast": 0.929614232234,
    "blocks": 0.917478998636,
    "tint": 0.998257239227,
}
PINNED_WAVES = 0.903023179513


def pair(height: int, width: int, channels: int = 3, noise: float = 12.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([height, width, channels])
    y, x = np.mgrid[0:height, 0:width]
    clean = 128 + 90 * np.sin(x / 17.0 + y / 29.0)[..., None] * rng.uniform(0.5, 1, channels)
    noisy = clean * 0.9 + rng.normal(0, noise, clean.shape)
    return tuple(np.clip(np.rint(a), 0, 255).astype(np.uint8) for a in (clean, noisy))  # type: ignore[return-value]


@pytest.mark.parametrize("shape", [(161, 161, 3), (176, 203, 1), (192, 256, 3)])
@pytest.mark.parametrize("noise", [1.0, 20.0, 120.0])
def test_against_pytorch_msssim(shape: tuple[int, int, int], noise: float, one_thread: Any) -> None:
    reference = pytest.importorskip("pytorch_msssim")
    a, b = pair(*shape, noise)
    tensors = [one_thread.from_numpy(p.transpose(2, 0, 1)[None].astype(np.float64)) for p in (a, b)]
    assert ms_ssim(a, b) == pytest.approx(float(reference.ms_ssim(*tensors, data_range=255)), abs=1e-5)


def test_pinned(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    name, a, b = distorted
    assert ms_ssim(a, b) == pytest.approx(PINNED[name], abs=1e-5)
    assert ms_ssim(*pair(192, 256)) == pytest.approx(PINNED_WAVES, abs=1e-5)


def test_equal_and_gray_pictures_and_peaks() -> None:
    a, b = pair(170, 170, 1)
    assert ms_ssim(a, a) == pytest.approx(1.0, abs=1e-12)
    assert ms_ssim(a[..., 0], b[..., 0]) == ms_ssim(a, b)
    assert ms_ssim(a / 255, b / 255, peak=1) == pytest.approx(ms_ssim(a, b), abs=1e-12)


def test_refusals() -> None:
    a, b = pair(160, 300)
    with pytest.raises(InvalidInputError, match="at least 161"):
        ms_ssim(a, b)
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        ms_ssim(a, b[1:])


def test_decibels() -> None:
    assert similarity_db(0.9) == pytest.approx(10.0, abs=1e-12)
    # A table of a survey gives both forms: 0.953 is 13.28 dB.
    assert similarity_db(0.953) == pytest.approx(13.28, abs=0.005)
    assert similarity_db(0.0) == 0.0
    assert similarity_db(1.0) == math.inf
    with pytest.raises(InvalidInputError, match="at most 1"):
        similarity_db(1.01)
    with pytest.raises(InvalidInputError, match="at most 1"):
        similarity_db(math.nan)
    a, b = pair(170, 170, 1)
    assert ms_ssim_db(a, b) == similarity_db(ms_ssim(a, b))
    assert ms_ssim_db(a, a) > 100
