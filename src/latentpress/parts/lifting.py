"""A level of the 9/7 wavelet in torch, as `transforms.lifting` has it in NumPy, for what learns through it."""

from __future__ import annotations

import torch
from torch import Tensor

from latentpress.transforms.lifting import CDF97

__all__ = ["joined", "split"]


def split(planes: Tensor) -> tuple[Tensor, Tensor]:
    """Planes (B, C, H, W), sides even, to coarse planes (B, C, H / 2, W / 2) and details (B, 3 C, H / 2, W / 2), of
    each plane those across, down and both.
    """
    low, high = _lifted(planes)
    (low, across), (down, both) = (
        (part.transpose(2, 3) for part in _lifted(half.transpose(2, 3))) for half in (low, high)
    )
    return low, torch.stack([across, down, both], 2).flatten(1, 2)


def joined(low: Tensor, details: Tensor) -> Tensor:
    """The planes that `split` splits into these."""
    across, down, both = details.reshape(len(details), -1, 3, *details.shape[2:]).unbind(2)
    halves = (
        _lowered(*(part.transpose(2, 3) for part in pair)).transpose(2, 3) for pair in ((low, across), (down, both))
    )
    return _lowered(*halves)


def _lifted(x: Tensor) -> tuple[Tensor, Tensor]:
    """Low and high band of the rows of (B, C, H, W)."""
    even, odd = x[:, :, 0::2], x[:, :, 1::2]
    for number, factor in enumerate(CDF97.factors):
        even, odd = _step(number, even, odd, factor)
    return even * CDF97.scale, odd / CDF97.scale


def _lowered(low: Tensor, high: Tensor) -> Tensor:
    even, odd = low / CDF97.scale, high * CDF97.scale
    for number, factor in reversed(list(enumerate(CDF97.factors))):
        even, odd = _step(number, even, odd, -factor)
    return torch.stack([even, odd], 3).flatten(2, 3)


def _step(number: int, even: Tensor, odd: Tensor, factor: float) -> tuple[Tensor, Tensor]:
    if number % 2:
        return even + factor * (odd + torch.cat([odd[:, :, :1], odd[:, :, :-1]], 2)), odd
    return even, odd + factor * (even + torch.cat([even[:, :, 1:], even[:, :, -1:]], 2))
