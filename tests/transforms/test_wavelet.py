"""The wavelet: exact inverse, constant and linear pictures, bands."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.transforms.wavelet import LEVELS, bands, forward, inverse, matrix


@pytest.mark.parametrize("size", [(1, 1), (1, 2), (2, 3), (5, 8), (16, 16), (13, 33)])
def test_inverse(size: tuple[int, int]) -> None:
    maps = np.random.default_rng(0).normal(0, 100, (2, *size)).astype(np.float32)
    assert np.abs(inverse(forward(maps)) - maps).max() < 1e-3


def test_a_level_map_has_only_its_mean() -> None:
    out = forward(np.full((16, 24), 5, np.float32))
    low = bands(16, 24) == 3 * LEVELS
    assert np.abs(out[~low]).max() < 1e-4
    assert np.allclose(out[low], 5 * 2**LEVELS, atol=1e-3)


def test_a_slope_has_no_detail_inside() -> None:
    row = matrix(32) @ np.arange(32.0)
    assert np.abs(row[5:27:2]).max() < 1e-9


def test_the_basis_is_nearly_orthonormal() -> None:
    norms = np.linalg.norm(matrix(64), axis=1)
    assert 0.9 < norms.min() < norms.max() < 1.2


def test_bands_are_counted() -> None:
    counts = np.bincount(bands(16, 16).ravel())
    assert counts.tolist() == [64, 64, 64, 16, 16, 16, 4, 4, 4, 4]
