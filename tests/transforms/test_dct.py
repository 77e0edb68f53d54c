"""The block DCT: orthonormal, invertible, and in JPEG's units."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image

from latentpress.transforms import block_dct, dct_matrix, inverse_block_dct


def test_it_is_orthonormal_and_inverts() -> None:
    matrix = dct_matrix()
    assert np.allclose(matrix @ matrix.T, np.eye(8), atol=1e-6)
    plane = np.random.default_rng(0).normal(0, 50, (24, 40)).astype(np.float32)
    coefficients = block_dct(plane)
    assert coefficients.shape == (3, 5, 8, 8)
    assert np.allclose(inverse_block_dct(coefficients), plane, atol=1e-3)
    assert np.isclose(np.square(coefficients).sum(), np.square(plane).sum(), rtol=1e-5)


def test_a_flat_block_and_a_slope() -> None:
    flat = block_dct(np.full((8, 8), 10, np.float32))[0, 0]
    assert np.isclose(flat[0, 0], 80)
    assert np.abs(flat).sum() - flat[0, 0] < 1e-3
    down = block_dct(np.repeat(np.arange(8, dtype=np.float32)[:, None], 8, 1))[0, 0]
    assert np.abs(down[1:, 0]).max() > 10  # the first index is the vertical frequency
    assert np.abs(down[:, 1:]).max() < 1e-4


def test_coefficients_are_what_a_jpeg_stores() -> None:
    """A gray JPEG with all steps 20 decodes to a picture whose coefficients are multiples of 20."""
    noise = np.random.default_rng(1).integers(90, 160, (32, 32)).astype(np.uint8)
    stream = io.BytesIO()
    Image.fromarray(noise).save(stream, "JPEG", qtables=[[20] * 64])
    decoded = np.asarray(Image.open(stream)).astype(np.float32) - 128
    levels = block_dct(decoded) / 20
    assert np.abs(levels - np.rint(levels)).max() < 0.12
