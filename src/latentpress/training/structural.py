"""MS-SSIM of batches, with gradients."""

from __future__ import annotations

import functools

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["SMALLEST_SIDE", "ms_ssim", "similarity"]

_WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
_RADIUS, _SIGMA = 5, 1.5
_C1, _C2 = (0.01 * 255) ** 2, (0.03 * 255) ** 2
_LEAST = 1e-4  # of a scale's contrast term: below it a power has no slope to follow

SMALLEST_SIDE = 2 * _RADIUS * 2 ** (len(_WEIGHTS) - 1) + 1
"""Of a picture in pixels: the window has to fit into the coarsest scale."""


def ms_ssim(a: Tensor, b: Tensor) -> Tensor:
    """MS-SSIM (Wang, Simoncelli and Bovik 2003) of pictures (B, C, H, W) in grey levels: (B,), means over channels.

    As `latentpress.metrics.ms_ssim` for sides that are multiples of 16, but that terms are at least 1e-4.
    """
    product = torch.ones(a.shape[:2], device=a.device)
    for scale, weight in enumerate(_WEIGHTS):
        if scale:
            a, b = F.avg_pool2d(a, 2), F.avg_pool2d(b, 2)
        mean_a, mean_b = _smooth(a), _smooth(b)
        squares = _smooth(a * a + b * b) - mean_a * mean_a - mean_b * mean_b
        product_ab = _smooth(a * b) - mean_a * mean_b
        term = (2 * product_ab + _C2) / (squares + _C2)
        if scale == len(_WEIGHTS) - 1:
            term = term * (2 * mean_a * mean_b + _C1) / (mean_a * mean_a + mean_b * mean_b + _C1)
        product = product * term.mean(dim=(2, 3)).clamp_min(_LEAST) ** weight
    return product.mean(dim=1)


def similarity(a: Tensor, b: Tensor) -> Tensor:
    """SSIM (Wang et al. 2004) around each pixel of pictures (B, C, H, W) in grey levels, in boxes of 9x9 pixels."""

    def mean(x: Tensor) -> Tensor:
        return F.avg_pool2d(x, 9, stride=1, padding=4, count_include_pad=False)

    mean_a, mean_b = mean(a), mean(b)
    squares = mean(a * a + b * b) - mean_a * mean_a - mean_b * mean_b
    product = mean(a * b) - mean_a * mean_b
    size = (2 * mean_a * mean_b + _C1) / (mean_a * mean_a + mean_b * mean_b + _C1)
    return size * (2 * product + _C2) / (squares + _C2)


def _smooth(x: Tensor) -> Tensor:
    """Weighted by a Gaussian window, where it fits. As two matrix products: these are quicker than narrow convolutions
    on a processor.
    """
    rows, columns = (_band(side, str(x.device)) for side in x.shape[-2:])
    return rows @ x @ columns.T


@functools.lru_cache(maxsize=16)
def _band(side: int, device: str) -> Tensor:
    """The window at each place where it fits: (side - 10, side)."""
    distance = np.arange(side)[None] - np.arange(_RADIUS, side - _RADIUS)[:, None]
    weights = np.where(np.abs(distance) <= _RADIUS, np.exp(-(distance**2) / (2 * _SIGMA**2)), 0.0)
    return torch.from_numpy((weights / weights.sum(axis=1, keepdims=True)).astype(np.float32)).to(device)
