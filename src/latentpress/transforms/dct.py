"""The 8x8 discrete cosine transform (type II, orthonormal) of a picture's blocks, as in JPEG (ITU-T T.81, A.3.3)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["DCT_SIZE", "block_dct", "dct_matrix", "inverse_block_dct"]

DCT_SIZE = 8
"""Side of a block."""


def dct_matrix(size: int = DCT_SIZE) -> NDArray[np.float32]:
    """(size, size) matrix, rows are the cosine basis: ``matrix @ x`` transforms a column, its transpose inverts."""
    k, n = np.mgrid[:size, :size]
    matrix = np.cos(np.pi * (2 * n + 1) * k / (2 * size)) * np.sqrt(2 / size)
    matrix[0] /= np.sqrt(2)
    single: NDArray[np.float32] = matrix.astype(np.float32)
    return single


_MATRIX = dct_matrix()


def block_dct(plane: NDArray[np.float32]) -> NDArray[np.float32]:
    """Coefficients of each 8x8 block: (H, W), sides multiples of 8, to (H / 8, W / 8, 8, 8), vertical frequency first.

    A flat block of value v has 8 v as its first coefficient, so a coefficient divided by JPEG's step of that frequency
    is the number that a JPEG file stores.
    """
    height, width = plane.shape
    blocks = plane.reshape(height // DCT_SIZE, DCT_SIZE, width // DCT_SIZE, DCT_SIZE).swapaxes(1, 2)
    coefficients: NDArray[np.float32] = np.matmul(np.matmul(_MATRIX, blocks), _MATRIX.T)
    return coefficients


def inverse_block_dct(coefficients: NDArray[np.float32]) -> NDArray[np.float32]:
    """The plane (8 rows, 8 columns) of coefficients (rows, columns, 8, 8)."""
    rows, columns = coefficients.shape[:2]
    blocks: NDArray[np.float32] = np.matmul(np.matmul(_MATRIX.T, coefficients), _MATRIX)
    return np.ascontiguousarray(blocks.swapaxes(1, 2)).reshape(rows * DCT_SIZE, columns * DCT_SIZE)
