"""Lapped transform: blocks that overlap, so that their borders do not show.

The fast lapped orthogonal transform of type II (Malvar 1992) as a filter over the borders of blocks before their DCT
(Tran, Liang and Tu 2003): (1/2) [I J; J -I] diag(I, V) [I J; J -I], V = J C2' C4 J with the cosine transforms of types
II and IV of half the size. It is orthonormal, and the way back is its transpose.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from latentpress.transforms.dct import dct_matrix

__all__ = ["Lapped", "border_filter"]

Float = NDArray[np.float32]


def border_filter(side: int) -> Float:
    """The filter (side, side) over the ``side`` / 2 samples on both sides of a border."""
    half = side // 2
    k, n = np.mgrid[:half, :half]
    fourth = np.cos(np.pi * (2 * n + 1) * (2 * k + 1) / (4 * half)) * np.sqrt(2 / half)
    flip = np.eye(half)[::-1]
    inner = np.eye(side)
    inner[half:, half:] = flip @ dct_matrix(half).astype(np.float64).T @ fourth @ flip
    butterfly = np.block([[np.eye(half), flip], [flip, -np.eye(half)]])
    single: Float = (butterfly @ inner @ butterfly / 2).astype(np.float32)
    return single


@dataclass(frozen=True)
class Lapped:
    """Stage: planes (n, H, W), sides multiples of ``side``, filtered over all borders of blocks inside, down and
    across. The DCT of the blocks makes of it the lapped transform. Exact to rounding.
    """

    side: int
    _filter: Float = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_filter", border_filter(self.side))

    def forward(self, planes: Float) -> Float:
        """Before the DCT."""
        return self._along(self._along(planes, self._filter), self._filter)

    def inverse(self, planes: Float | Sequence[Float]) -> Float:
        """After its inverse."""
        return self._along(self._along(np.asarray(planes), self._filter.T), self._filter.T)

    def _along(self, planes: Float, matrix: Float) -> Float:
        """Filtered across the columns, and turned."""
        half, out = self.side // 2, planes.copy()
        if planes.shape[2] > self.side:
            inside = planes[:, :, half:-half].reshape(*planes.shape[:2], -1, self.side)
            out[:, :, half:-half] = np.matmul(inside, matrix.T).reshape(*planes.shape[:2], -1)
        return out.swapaxes(1, 2)
