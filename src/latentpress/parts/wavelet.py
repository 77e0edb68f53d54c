"""The wavelet of `transforms.wavelet` on tensors, for networks that learn through it."""

from __future__ import annotations

import torch
from torch import Tensor

from latentpress.transforms.wavelet import LEVELS, matrix

__all__ = ["pyramid"]


def pyramid(y: Tensor, count: int, *, back: bool = False) -> Tensor:
    """The first ``count`` maps of (B, C, h, w) to wavelet coefficients, or back."""
    maps = y[:, :count].clone()
    steps = [2**level for level in range(LEVELS)]
    for step in reversed(steps) if back else steps:
        part = maps[..., ::step, ::step]
        down, across = (_matrix(length, back, y) for length in part.shape[-2:])
        maps[..., ::step, ::step] = down @ part.clone() @ across.T
    return torch.cat([maps, y[:, count:]], dim=1)


def _matrix(length: int, back: bool, like: Tensor) -> Tensor:
    forward = torch.from_numpy(matrix(length).copy())
    return (torch.linalg.inv(forward) if back else forward).to(like)
