"""Strided convolutions that start as the linear block transform (KLT) that they can be.

Layers with strides s1, s2, ... see blocks of s1, s1 s2, ... pixels. Each starts as the best orthonormal transform of
blocks of what the one before it gives, in the middle of its kernel, and the layers of the way back as the transposes:
so a network whose other layers are near the identity codes like a transform coder before its first step.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn

from latentpress.transforms.klt import BLOCK, KltBasis

__all__ = ["Double", "block_covariance", "start_as_blocks"]

Double = NDArray[np.float64]


def block_covariance(basis: KltBasis, unit: float) -> Double:
    """Covariance of the pixels of blocks, (3, 16, 16) twice. basis: all 768 components of blocks of 16 pixels. unit:
    grey levels that stand for 1.
    """
    vectors, variances = basis.vectors.astype(np.float64), (basis.deviations.astype(np.float64) / unit) ** 2
    covariance: Double = ((vectors.T * variances) @ vectors).reshape(2 * (3, BLOCK, BLOCK))
    return covariance


@torch.no_grad()
def start_as_blocks(down: Sequence[nn.Conv2d], up: Sequence[nn.ConvTranspose2d], covariance: Double) -> Double:
    """Start the layers of an analysis and those of its synthesis, which undo them, both from the pixels on.

    covariance: of what the first layer sees (maps, rows, columns), twice (`block_covariance`). Maps
    between layers are brought half way to one size, which suits Adam and normalisations; those to spare keep random
    filters, of which nothing goes on at first. Returns the standard deviations of the last layer's maps.
    """
    variance = size = np.ones(len(covariance))
    for number, (into, back) in enumerate(zip(down, up, strict=True), start=1):
        side, before = into.stride[0], int(into.padding[0])
        filters, covariance = _block_transform(covariance, side, into.out_channels)
        count, maps = filters.shape[:2]
        variance = np.einsum("apqapq->a", covariance) / (covariance.shape[1] * covariance.shape[2])
        sizes = variance**0.25 if number < len(down) else np.ones(count)
        ratio = (size / sizes[:, None])[:, :, None, None]
        taps = slice(before, before + side)
        for layer, block in ((into, filters * ratio), (back, filters / ratio)):
            layer.weight[:count] = 0
            layer.weight[count:, maps:] = 0
            layer.weight[:count, :maps, taps, taps] = torch.from_numpy(block).float()
            if layer.bias is not None:
                layer.bias.zero_()
        size = sizes
    deviations: Double = np.sqrt(variance)
    return deviations


def _block_transform(covariance: Double, side: int, most: int) -> tuple[Double, Double]:
    """The best ``most`` filters (filters, maps, side, side) for blocks of maps, orthonormal, in order of falling
    variance; and the covariance of what they give. ``covariance``: (maps, rows, columns) twice, of one picture block.
    """
    maps, rows = covariance.shape[:2]
    count = rows // side
    blocks = covariance.reshape(2 * (maps, count, side, count, side))
    mean = np.einsum("apqrsbpxry->aqsbxy", blocks).reshape(2 * (maps * side * side,))
    vectors = np.linalg.eigh(mean)[1][:, ::-1][:, :most]
    filters = vectors.T.reshape(-1, maps, side, side)
    return filters, np.einsum("faqs,apqrsbtxuy,gbxy->fprgtu", filters, blocks, filters, optimize=True)
