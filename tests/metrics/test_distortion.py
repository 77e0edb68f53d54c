"""Squared error and PSNR against their definitions and against scikit-image."""

from __future__ import annotations

import math

import numpy as np
import pytest

from latentpress.errors import InvalidInputError
from latentpress.metrics import mse, psnr, psnr_s1, rmse

A = np.array([[0, 10], [255, 7]], np.uint8)
B = np.array([[4, 10], [251, 7]], np.uint8)


def test_by_hand() -> None:
    assert mse(A, B) == 8.0
    assert rmse(A, B) == math.sqrt(8)
    assert psnr(A, B) == pytest.approx(10 * math.log10(255**2 / 8), abs=1e-12)
    assert psnr(A, B) == pytest.approx(20 * math.log10(255 / rmse(A, B)), abs=1e-12)
    assert psnr(A, A) == math.inf


def test_all_channels_share_one_error() -> None:
    a, b = np.zeros((4, 4, 3), np.uint8), np.zeros((4, 4, 3), np.uint8)
    b[..., 1] = 6
    assert mse(a, b) == 12.0
    assert psnr(a, b) == pytest.approx(10 * math.log10(255**2 / 12), abs=1e-12)


def test_differences_of_unsigned_samples_do_not_wrap() -> None:
    assert mse(np.zeros((2, 2), np.uint8), np.full((2, 2), 255, np.uint8)) == 255**2
    assert mse(np.zeros((2, 2), np.uint16), np.full((2, 2), 65535, np.uint16)) == 65535**2


def test_the_peak_comes_from_the_type_of_the_samples() -> None:
    wide = [picture.astype(np.uint16) * 257 for picture in (A, B)]
    assert psnr(*wide) == pytest.approx(psnr(A, B), abs=1e-12)
    assert psnr(A.astype(np.uint16), B.astype(np.uint16), peak=255) == psnr(A, B)
    assert psnr(A / 255, B / 255, peak=1) == pytest.approx(psnr(A, B), abs=1e-12)


@pytest.mark.parametrize("kind", [np.float64, np.int64])
def test_other_samples_need_a_peak(kind: type) -> None:
    with pytest.raises(InvalidInputError, match="give peak"):
        psnr(A.astype(kind), B.astype(kind))
    with pytest.raises(InvalidInputError, match="give peak"):
        psnr(A, B.astype(np.uint16))


@pytest.mark.parametrize("peak", [0.0, -1.0, math.inf, math.nan])
def test_a_peak_is_positive(peak: float) -> None:
    with pytest.raises(InvalidInputError, match="must be positive"):
        psnr(A, B, peak)


@pytest.mark.parametrize("other", [A[:1], A[None], np.zeros((0, 2), np.uint8)])
def test_shapes_must_match(other: np.ndarray) -> None:
    for function in (mse, rmse, psnr, psnr_s1):
        with pytest.raises(InvalidInputError, match="cannot be compared"):
            function(A, other)
    with pytest.raises(InvalidInputError, match="cannot be compared"):
        mse(A[:0], A[:0])


def test_the_wrong_formula_is_off_by_the_decibels_of_the_error() -> None:
    assert psnr_s1(A, B) == pytest.approx(10 * math.log10(255**2 / math.sqrt(8)), abs=1e-12)
    assert psnr_s1(A, B) - psnr(A, B) == pytest.approx(10 * math.log10(rmse(A, B)), abs=1e-12)
    assert psnr_s1(A, A) == math.inf
    assert (psnr_s1.__doc__ or "").startswith("WRONG")


def test_against_scikit_image(distorted: tuple[str, np.ndarray, np.ndarray]) -> None:
    metrics = pytest.importorskip("skimage.metrics")
    _, a, b = distorted
    assert mse(a, b) == pytest.approx(metrics.mean_squared_error(a, b), rel=1e-12)
    assert psnr(a, b) == pytest.approx(metrics.peak_signal_noise_ratio(a, b), abs=1e-9)
