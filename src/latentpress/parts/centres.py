"""Soft-to-hard quantisation with learned levels: each value goes to the nearest of a few centres, gradients to all.

Agustsson et al. 2017 (arXiv 1704.00648), in the form of Mentzer et al. 2018 (arXiv 1801.04260), section 3.2: what goes
on is the centre that a codec would take, what learns is the mean of all centres, weighted by their distance.
"""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentpress.parts.quantise import straight_through

__all__ = ["Centres"]


class Centres(nn.Module):
    """``count`` (3 or more) levels, which begin evenly from -``reach`` to ``reach``. sharpness: of the weights, the
    factor of the squared distance in their exponent; the larger, the nearer is the soft value to the hard one.
    """

    def __init__(self, count: int, reach: float, sharpness: float = 1.0) -> None:
        super().__init__()
        self.levels = nn.Parameter(torch.linspace(-reach, reach, count))
        self.sharpness = sharpness

    def rising(self) -> Tensor:
        """The levels in order (count,)."""
        return self.levels.sort().values

    def symbols(self, x: Tensor) -> Tensor:
        """Number of the nearest level of each value among the rising ones: what a file holds."""
        levels = self.rising().detach()
        return torch.bucketize(x.detach().contiguous(), (levels[1:] + levels[:-1]) / 2)

    def soft(self, x: Tensor) -> Tensor:
        """The mean of the nearest level of each value and the two beside it, weighted by their distances. Those beyond
        would weigh next to nothing, and cost as much.
        """
        levels = self.rising()
        first = (self.symbols(x) - 1).clamp(0, len(levels) - 3)
        near = levels[first[..., None] + torch.arange(3, device=x.device)]
        weights = torch.softmax(-self.sharpness * (x[..., None] - near).square(), dim=-1)
        return (weights * near).sum(dim=-1)

    def forward(self, x: Tensor) -> Tensor:
        """The nearest level of each value, with the gradients of the soft value to values and levels."""
        return straight_through(self.soft(x), self.rising().detach()[self.symbols(x)])
