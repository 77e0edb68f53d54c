"""PSNR by what the eye can see: PSNR-HVS and PSNR-HVS-M, on the coefficients of 8x8 DCT blocks.

PSNR-HVS: Egiazarian et al., "New full-reference quality metrics based on HVS", VPQM 2006: errors are weighted by the
eye's sensitivity to each frequency. PSNR-HVS-M: Ponomarenko et al., "On between-coefficient contrast masking of DCT
basis functions", VPQM 2007: errors that the block's own contrast hides count less.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from latentpress.errors import InvalidInputError
from latentpress.metrics._pictures import Picture, Plane, luma, peak_of, planes, same_shape
from latentpress.transforms.jpeg_tables import STANDARD_LUMA

__all__ = ["psnr_hvs", "psnr_hvs_m"]

_SIDE = 8
# The two tables of the papers come from JPEG's for luminance. Sensitivity is its inverse, scaled to a mean square of 1:
# white noise keeps its PSNR. Masking is the square of 10 over the table. Both to the six digits that the authors print.
_SENSITIVITY = np.round(25.73509 / STANDARD_LUMA, 6)
_MASKING = np.round((10.0 / STANDARD_LUMA) ** 2, 6)

Blocks = NDArray[np.float64]  # (n, 8, 8)


def psnr_hvs(a: Picture, b: Picture, peak: float | None = None) -> float:
    """PSNR-HVS in dB of the brightness of two pictures (gray or RGB): up to infinity (equal); higher is better.

    10 log10(255^2 / D), D the mean over blocks and coefficients of the squared, weighted difference. Blocks do not
    overlap and start at the upper left corner; rows and columns that fill no block are left out. RGB pictures count by
    their BT.601 luma, unrounded. Samples are brought to 0..255 by `peak`, which is as in `psnr`.

    Raises `InvalidInputError` for shapes that differ, channels other than 1 or 3, sides under 8 pixels.
    """
    x, y = _luma_blocks(a, b, peak)
    return _decibels(np.abs(_dct(x) - _dct(y)))


def psnr_hvs_m(a: Picture, b: Picture, peak: float | None = None) -> float:
    """PSNR-HVS-M in dB: PSNR-HVS after what contrast masks is taken off each difference (equation 3 of the paper).

    Up to infinity, when no difference can be seen (the authors' program prints 100000 then); higher is better. Never
    less than `psnr_hvs`. Of the two pictures' blocks the one that masks more counts; the DC coefficient is not masked.
    Blocks, brightness and errors as in `psnr_hvs`.
    """
    x, y = _luma_blocks(a, b, peak)
    dct_x, dct_y = _dct(x), _dct(y)
    energy = np.maximum(_hidden(x, dct_x), _hidden(y, dct_y))
    threshold = energy[:, None, None] / _MASKING
    threshold[:, 0, 0] = 0.0
    return _decibels(np.maximum(np.abs(dct_x - dct_y) - threshold, 0.0))


def _hidden(blocks: Blocks, dct: Blocks) -> Plane:
    """How much each block hides, (n,): the root of its weighted AC energy over 32, less where the block has an edge.

    An edge shows as variances in the four quarters that do not add up to the variance of the whole.
    """
    weighted = dct * dct * _MASKING
    energy = weighted.sum(axis=(1, 2)) - weighted[:, 0, 0]
    whole = _spread(blocks)
    half = _SIDE // 2
    quarters = [blocks[:, top : top + half, left : left + half] for top in (0, half) for left in (0, half)]
    parts = np.sum([_spread(quarter) for quarter in quarters], axis=0)
    evenness = np.divide(parts, whole, out=np.zeros_like(whole), where=whole != 0)
    hidden: Plane = np.sqrt(np.maximum(energy, 0.0) * evenness) / 32
    return hidden


def _spread(blocks: Blocks) -> Plane:
    """Sample variance (n - 1 in the denominator, as in the authors' program) times the number of samples, (n,)."""
    flat = blocks.reshape(len(blocks), -1)
    spread: Plane = flat.var(axis=1, ddof=1) * flat.shape[1]
    return spread


def _decibels(differences: Blocks) -> float:
    error = float(np.mean((differences * _SENSITIVITY) ** 2))
    return math.inf if error == 0 else 10.0 * math.log10(255.0**2 / error)


def _luma_blocks(a: Picture, b: Picture, peak: float | None) -> tuple[Blocks, Blocks]:
    first, second = same_shape(a, b)
    scale = 255.0 / peak_of(first, second, peak)
    return _cut(luma(planes(first, scale))), _cut(luma(planes(second, scale)))


def _cut(plane: Plane) -> Blocks:
    rows, columns = (side // _SIDE for side in plane.shape)
    if not rows or not columns:
        raise InvalidInputError(
            f"PSNR-HVS needs sides of at least {_SIDE} pixels, not {plane.shape[1]}x{plane.shape[0]}"
        )
    tiles = plane[: rows * _SIDE, : columns * _SIDE].reshape(rows, _SIDE, columns, _SIDE)
    return tiles.transpose(0, 2, 1, 3).reshape(-1, _SIDE, _SIDE)


def _dct(blocks: Blocks) -> Blocks:
    """The orthonormal two-dimensional DCT-II of each block."""
    k, n = np.mgrid[0:_SIDE, 0:_SIDE]
    basis = np.sqrt(np.where(k == 0, 1.0, 2.0) / _SIDE) * np.cos(np.pi * k * (2 * n + 1) / (2 * _SIDE))
    transformed: Blocks = basis @ blocks @ basis.T
    return transformed
