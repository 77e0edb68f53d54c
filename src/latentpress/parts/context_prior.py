"""Distributions whose scales are foretold by magnitudes around: what `codecs.coefficients` becomes in training."""

from __future__ import annotations

import math

import torch
from torch import Tensor, nn
from torch.nn import functional as F

from latentpress.codecs.coefficients import LEADING
from latentpress.parts.likelihood import logistic_bits
from latentpress.parts.rate_table import RateTable

__all__ = ["ContextPrior"]

_OWN, _BEFORE, _FLOOR = 0.4, 0.01, 0.05  # of magnitudes: about what fits of files have


class ContextPrior(nn.Module):
    """A logistic distribution for each value (B, channels, h, w): its scale is a sum, weighted by channel and rate, of
    the magnitudes beside it, of those of the channels before, here and beside, and of one; the first channels are
    foretold as the mean of those beside. All four neighbours count, where the walk of a file knows them at three places
    of four. ``mix`` (B, anchors) as in `rate_table`.
    """

    def __init__(self, channels: int, anchors: int) -> None:
        super().__init__()
        self.log_own = RateTable(anchors, channels, math.log(_OWN))
        self.log_before = RateTable(anchors, channels, math.log(_BEFORE))
        self.log_floor = RateTable(anchors, channels, math.log(_FLOOR))

    def bits(self, values: Tensor, whole: Tensor, mix: Tensor) -> Tensor:
        """Bits of each value, rounded or with uniform noise; ``whole``: all of them rounded, as those around are."""
        beside = _beside(whole.abs())
        known = whole.abs() + beside
        own, before, floor = (torch.exp(table(mix)) for table in (self.log_own, self.log_before, self.log_floor))
        scale = own * beside + before * (known.cumsum(dim=1) - known) + floor
        mean = F.pad(_beside(whole[:, :LEADING]), (0, 0, 0, 0, 0, whole.shape[1] - LEADING))
        return logistic_bits(values - mean, scale)


def _beside(x: Tensor) -> Tensor:
    """Mean of the values above, below, left and right; at edges the value itself in place of one that is missing."""
    wide = F.pad(x, (1, 1, 1, 1), mode="replicate")
    across = wide[..., 1:-1, :-2] + wide[..., 1:-1, 2:]
    return (across + wide[..., :-2, 1:-1] + wide[..., 2:, 1:-1]) / 4
