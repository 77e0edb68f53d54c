"""The Karhunen-Loeve transform against its definition."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.transforms import fit_klt


def pictures(count: int = 6, size: int = 96) -> list[np.ndarray]:
    rng = np.random.default_rng(0)
    smooth = [np.cumsum(np.cumsum(rng.normal(size=(size, size, 3)), axis=0), axis=1) for _ in range(count)]
    return [np.clip(128 + 30 * s / s.std(), 0, 255).astype(np.uint8) for s in smooth]


def blocks(picture: np.ndarray) -> np.ndarray:
    n = picture.shape[0] // 16
    return picture.reshape(n, 16, n, 16, 3).transpose(0, 2, 4, 1, 3).reshape(-1, 768).astype(np.float64) - 128


def test_basis_is_orthonormal_and_ordered() -> None:
    basis = fit_klt(pictures(), 40)
    np.testing.assert_allclose(basis.vectors @ basis.vectors.T, np.eye(40), atol=1e-4)
    assert (np.diff(basis.deviations) <= 0).all()


def test_no_other_basis_of_the_size_keeps_more_energy() -> None:
    data = np.concatenate([blocks(p) for p in pictures()])
    basis = fit_klt(pictures(), 12)
    kept = np.square(data @ basis.vectors.T).sum()
    singular = np.linalg.svd(data, compute_uv=False)
    np.testing.assert_allclose(kept, np.square(singular[:12]).sum(), rtol=1e-3)


def test_flat_pictures_are_refused() -> None:
    with pytest.raises(ValueError, match="no block"):
        fit_klt([np.zeros((64, 64, 3), np.uint8)], 4)
