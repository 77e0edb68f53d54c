"""Speckle of scanners, for networks that learn to leave it out: light times noise of mean 1, and a little grain."""

from __future__ import annotations

import torch
from torch import Tensor

from latentpress.transforms.light import BRIGHTEST, GRAIN, LOOKS

__all__ = ["NUMBERS", "speckled"]

NUMBERS = LOOKS + 1
"""Random numbers of each pixel."""


def speckled(clean: Tensor, drawn: Tensor | None = None, strength: Tensor | None = None) -> Tensor:
    """What a scanner sees of scans (B, 1, H, W) without speckle, in whole grey levels. ``drawn``: numbers in [0, 1),
    (B, NUMBERS, H, W); None for ones that are the same every time. ``strength`` (B, 1, 1, 1): of the speckle, 0 for
    none; default: 1, as it is with so many looks.
    """
    if drawn is None:
        numbers = torch.Generator(clean.device).manual_seed(0)
        drawn = torch.rand(len(clean), NUMBERS, *clean.shape[2:], generator=numbers, device=clean.device)
    speckle = -torch.log1p(-drawn[:, :LOOKS]).mean(dim=1, keepdim=True) - 1  # a mean of exponential distributions
    light = BRIGHTEST * (clean / 255).square()
    light = light * (1 + (speckle if strength is None else strength * speckle))
    light = light + GRAIN * 2**0.5 * torch.erfinv(2 * drawn[:, LOOKS:] - 1)
    return (255 * (light / BRIGHTEST).clamp(0, 1).sqrt()).round()
