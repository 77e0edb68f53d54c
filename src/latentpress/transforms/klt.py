"""Karhunen-Loeve transform of picture blocks: the linear block transform with the best energy compaction for a set."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

__all__ = ["BLOCK", "KltBasis", "fit_klt"]

BLOCK = 16
"""Side of a block in pixels."""

_FLAT = 2.0  # standard deviation in grey levels under which a block tells nothing about texture


@dataclass(frozen=True)
class KltBasis:
    """Orthonormal basis of RGB blocks.

    ``vectors``: (components, 3 * 16 * 16) float32, rows in order of falling variance, a row's entries in the order
    (channel, row, column). ``deviations``: (components,) standard deviations of the coefficients, in grey levels.
    ``mean``: grey level taken off before projecting.
    """

    vectors: NDArray[np.float32]
    deviations: NDArray[np.float32]
    mean: float


def fit_klt(pictures: Iterable[NDArray[np.uint8]], components: int, mean: float = 128.0) -> KltBasis:
    """Fit the basis on every textured 16x16 block of the pictures ((H, W, 3) uint8, each side at least 16).

    ``components``: number of basis vectors to keep, 1..768. Raises ValueError when no block has texture.
    """
    size = 3 * BLOCK * BLOCK
    covariance = np.zeros((size, size))
    count = 0
    for picture in pictures:
        rows, columns = picture.shape[0] // BLOCK, picture.shape[1] // BLOCK
        blocks = picture[: rows * BLOCK, : columns * BLOCK].astype(np.float32) - np.float32(mean)
        blocks = blocks.reshape(rows, BLOCK, columns, BLOCK, 3).transpose(0, 2, 4, 1, 3).reshape(-1, size)
        blocks = blocks[blocks.std(axis=1) > _FLAT]
        covariance += blocks.T @ blocks
        count += len(blocks)
    if not count:
        raise ValueError("no block with texture to fit a transform on")
    variances, vectors = np.linalg.eigh(covariance / count)
    order = np.argsort(variances)[::-1][:components]
    rows_ = vectors[:, order].T
    rows_ *= np.sign(rows_.sum(axis=1, keepdims=True)) + (rows_.sum(axis=1, keepdims=True) == 0)
    deviations = np.sqrt(np.maximum(variances[order], 1e-6))
    return KltBasis(rows_.astype(np.float32), deviations.astype(np.float32), mean)
