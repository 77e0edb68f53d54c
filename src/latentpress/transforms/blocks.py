"""Planes as blocks and vectors: the stages between a picture and a transform of its blocks."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Blocks", "Linear", "Pad", "Reorder", "separable", "zigzag"]

Float = NDArray[np.float32]


@dataclass(frozen=True)
class Pad:
    """Stage: planes (..., height, width) grown on the right and below to multiples of ``unit`` by their last samples;
    the inverse cuts them off.
    """

    height: int
    width: int
    unit: int

    def forward(self, planes: NDArray[Any]) -> NDArray[Any]:
        """The larger planes."""
        still = [(0, 0)] * (planes.ndim - 2)
        return np.pad(planes, [*still, (0, -self.height % self.unit), (0, -self.width % self.unit)], mode="edge")

    def inverse(self, planes: NDArray[Any]) -> NDArray[Any]:
        """The planes without what was added."""
        return planes[..., : self.height, : self.width]


@dataclass(frozen=True)
class Blocks:
    """Stage: planes (..., H, W), sides multiples of ``side``, to their blocks (H / side, W / side, N), each a vector of
    its samples in the order of the planes, then rows, then columns. Exact.

    planes: the shape of the leading axes, which the inverse cannot know; none for one plane.
    """

    side: int
    planes: tuple[int, ...] = ()

    def forward(self, planes: NDArray[Any]) -> NDArray[Any]:
        """Blocks of planes."""
        *_, height, width = planes.shape
        down, across = height // self.side, width // self.side
        parts = planes.reshape(-1, down, self.side, across, self.side)
        return parts.transpose(1, 3, 0, 2, 4).reshape(down, across, -1)

    def inverse(self, blocks: NDArray[Any]) -> NDArray[Any]:
        """Planes of blocks."""
        down, across, _ = blocks.shape
        parts = blocks.reshape(down, across, -1, self.side, self.side).transpose(2, 0, 3, 1, 4)
        return parts.reshape(*self.planes, down * self.side, across * self.side)


class Linear:
    """Stage: vectors (..., N) to their coefficients (..., K) in a basis with orthonormal rows ``matrix`` (K, N).

    Squared errors are the same on both sides. Exact to rounding for K = N; else the inverse is the nearest vector that
    the basis has.
    """

    def __init__(self, matrix: Float) -> None:
        self.matrix = matrix

    def forward(self, vectors: Float) -> Float:
        """Coefficients."""
        coefficients: Float = np.matmul(vectors, self.matrix.T)
        return coefficients

    def inverse(self, coefficients: Float) -> Float:
        """Vectors."""
        vectors: Float = np.matmul(coefficients, self.matrix)
        return vectors


class Reorder:
    """Stage: entries of vectors (..., N) in another order: entry i of the result is entry ``order[i]``. Exact."""

    def __init__(self, order: NDArray[np.integer[Any]]) -> None:
        self.order, self._back = order, np.argsort(order)

    def forward(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """In the new order."""
        return vectors[..., self.order]

    def inverse(self, vectors: NDArray[Any]) -> NDArray[Any]:
        """In the old order."""
        return vectors[..., self._back]


def separable(matrix: Float) -> Float:
    """The matrix (n * n, n * n) that transforms an n x n block, row by row, by ``matrix`` (n, n) down and across."""
    return np.kron(matrix, matrix)


def zigzag(side: int) -> NDArray[np.intp]:
    """JPEG's order of the side * side coefficients of a block (ITU-T T.81, figure 5): by diagonals, to and fro."""
    row, column = np.divmod(np.arange(side * side), side)
    diagonal = row + column
    return np.lexsort((np.where(diagonal % 2, row, column), diagonal))
