"""A perceptual distance that needs no trained network: how much texture there is, at each scale and place.

A blurred patch of grass and a patch of other grass are both far from the original in squared error; only the second
looks like it. Local energies of band-pass pictures tell the two apart (structural texture similarity: Zujovic, Pappas
and Neuhoff 2013). It is no substitute for a distance learnt from people's judgements, such as LPIPS.
"""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

__all__ = ["texture_distance"]

_SCALES = 3
_WINDOW = 7  # places on each scale
_FLOOR = 2.0  # grey levels: texture fainter than this is not seen


def texture_distance(first: Tensor, second: Tensor) -> Tensor:
    """Distance (B,) between pictures (B, 3, H, W) in grey levels, sides at least 28: the mean over scales and places of
    the difference in log2 of local deviations. 0 for equal pictures; 1 where texture is half as strong, or twice.
    """
    total = torch.zeros(first.shape[0], device=first.device)
    for _ in range(_SCALES):
        energies = []
        rest = []
        for picture in (first, second):
            low = F.avg_pool2d(picture, 2)
            band = picture - F.interpolate(low, size=picture.shape[-2:], mode="bilinear", align_corners=False)
            energies.append(torch.log2(F.avg_pool2d(band.square(), _WINDOW, stride=3) + _FLOOR**2))
            rest.append(low)
        total = total + 0.5 * (energies[0] - energies[1]).abs().mean(dim=(1, 2, 3)) / _SCALES
        first, second = rest
    return total
