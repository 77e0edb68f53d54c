"""Distortion measures against their definitions and against independent implementations."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentpress.errors import InvalidInputError
from latentpress.metrics import ms_ssim, mse, psnr

PINNED = 0.903023179513


def pair(height: int, width: int, channels: int = 3, noise: float = 12.0) -> tuple[np.ndarray, np.ndarray]:
    rng = np.random.default_rng([height, width, channels])
    y, x = np.mgrid[0:height, 0:width]
    clean = 128 + 90 * np.sin(x / 17.0 + y / 29.0)[..., None] * rng.uniform(0.5, 1, channels)
    noisy = clean * 0.9 + rng.normal(0, noise, clean.shape)
    return tuple(np.clip(np.rint(a), 0, 255).astype(np.uint8) for a in (clean, noisy))  # type: ignore[return-value]


def test_mse_and_psnr_by_hand() -> None:
    a, b = np.array([[0, 10], [255, 7]], np.uint8), np.array([[4, 10], [251, 7]], np.uint8)
    assert mse(a, b) == 8.0
    assert psnr(a, b) == pytest.approx(10 * math.log10(255**2 / 8))
    assert psnr(a / 255, b / 255, peak=1) == pytest.approx(psnr(a, b))
    assert psnr(a, a) == math.inf
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        psnr(a, b[:1])


def test_psnr_against_scikit_image() -> None:
    metrics = pytest.importorskip("skimage.metrics")
    a, b = pair(40, 50)
    assert psnr(a, b) == pytest.approx(metrics.peak_signal_noise_ratio(a, b, data_range=255), abs=1e-9)


@pytest.mark.parametrize("shape", [(161, 161, 3), (176, 203, 1), (192, 256, 3)])
@pytest.mark.parametrize("noise", [1.0, 20.0, 120.0])
def test_ms_ssim_against_pytorch_msssim(shape: tuple[int, int, int], noise: float) -> None:
    torch = pytest.importorskip("torch")
    reference = pytest.importorskip("pytorch_msssim")
    a, b = pair(*shape, noise)
    # Its window is in float32: the results differ from the sixth digit on.
    tensors = [torch.from_numpy(p.transpose(2, 0, 1)[None].astype(np.float64)) for p in (a, b)]
    assert ms_ssim(a, b) == pytest.approx(float(reference.ms_ssim(*tensors, data_range=255)), abs=1e-5)


def test_ms_ssim_pinned() -> None:
    """What the reference implementation gave, for where it is not installed."""
    assert ms_ssim(*pair(192, 256)) == pytest.approx(PINNED, abs=1e-5)


def test_ms_ssim_of_equal_and_of_gray_pictures() -> None:
    a, b = pair(170, 170, 1)
    assert ms_ssim(a, a) == pytest.approx(1.0, abs=1e-12)
    assert ms_ssim(a[..., 0], b[..., 0]) == ms_ssim(a, b)
    assert ms_ssim(a / 255, b / 255, peak=1) == pytest.approx(ms_ssim(a, b))


def test_ms_ssim_refuses_small_pictures() -> None:
    a, b = pair(160, 300)
    with pytest.raises(InvalidInputError, match="at least 161"):
        ms_ssim(a, b)
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        ms_ssim(a, b[1:])
