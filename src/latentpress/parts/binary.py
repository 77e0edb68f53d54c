"""Binary codes: the stochastic binariser of recurrent codecs, and pairs of codes that make a value of -1, 0 or 1."""

from __future__ import annotations

import torch
from torch import Tensor
from torch.nn import functional as F

from latentpress.parts.quantise import straight_through

__all__ = ["binarise", "pair_bits", "pair_values"]

_SHARP = 8.0  # how steeply the chance of a code rises at its threshold


def binarise(x: Tensor, noise: Tensor | None = None) -> Tensor:
    """Codes -1 and 1 of numbers in [-1, 1]: the sign, or with ``noise`` (values in [0, 1) of the shape of ``x``) 1 with
    the chance (1 + x) / 2. The gradient passes unchanged.

    Source: Raiko et al. 2015 (arXiv 1406.2989), Toderici et al. 2016 (arXiv 1511.06085), section 3.2.
    """
    if noise is None:
        return straight_through(x, torch.sign(torch.sign(x) - 0.5))  # -1 at zero; engines know signs, not comparisons
    return straight_through(x, torch.where(noise < (1 + x) / 2, 1.0, -1.0))


def pair_values(significance: Tensor, sign: Tensor, noise: Tensor | None = None) -> Tensor:
    """Values -1, 0 and 1 of two scores: the second code counts where the first is 1. ``noise``: for the first."""
    first = binarise(torch.tanh(_SHARP * significance), noise)
    return (1 + first) / 2 * binarise(torch.tanh(_SHARP * sign))


def pair_bits(significance: Tensor, active: Tensor) -> Tensor:
    """Estimated bits (B,) of the codes of scores (B, C, h, w), each with the share of ones that its channel has in the
    picture and among its eight neighbours, half and half: about what an entropy coder with contexts needs. ``active``
    (1, C, 1, 1): channels that are coded.
    """
    chance = active * (1 + torch.tanh(_SHARP * significance)) / 2
    known = chance.detach()
    near = (9 * F.avg_pool2d(known, 3, stride=1, padding=1) - known) / 8
    share = ((known.mean(dim=(2, 3), keepdim=True) + near) / 2).clamp(1e-4, 1 - 1e-4)
    return (chance * (1 - torch.log2(share)) - (1 - chance) * torch.log2(1 - share)).sum(dim=(1, 2, 3))
