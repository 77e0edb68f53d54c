"""Generalised divisive normalisation, the rectifier of Balle's codecs, and the approximate inverse of it.

Balle, Laparra and Simoncelli 2016, "Density modeling of images using a generalized normalization transformation"
(arXiv 1511.06281), with the exponents of "End-to-end optimized image compression" (2017, arXiv 1611.01704).
"""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["Gdn"]

_LEAST = 1e-6  # of beta, so that the root has a slope everywhere


class Gdn(nn.Module):
    """Each channel divided by the local size of all channels: y_i = x_i / sqrt(beta_i + sum_j gamma_ij x_j^2).

    With ``inverse`` it multiplies instead, y_i = x_i * sqrt(beta_i + sum_j gamma_ij x_j^2): one step of the fixed-point
    iteration that inverts the division. Input and output: (B, channels, H, W); every place on its own.

    beta and gamma cannot be negative: they are squares of the parameters. They start at 1 and at ``gamma`` in every
    entry; a small one, in proportion to 1 / x^2, makes the layer nearly the identity, none at all would stay zero.
    """

    def __init__(self, channels: int, *, inverse: bool = False, gamma: float = 1e-4) -> None:
        super().__init__()
        self.inverse = inverse
        self.root_beta = nn.Parameter(torch.ones(channels))
        self.root_gamma = nn.Parameter(torch.full((channels, channels), gamma**0.5))

    @torch.no_grad()
    def take(self, gamma: Tensor, beta: Tensor) -> None:
        """Begin with a stored graph's gamma (channels, channels, 1, 1) and beta (channels,)."""
        self.root_gamma.copy_(gamma.flatten(1).sqrt())
        self.root_beta.copy_((beta - _LEAST).clamp_min(0).sqrt())

    def forward(self, x: Tensor) -> Tensor:
        beta = self.root_beta.square() + _LEAST
        size = F.conv2d(x.square(), self.root_gamma.square()[:, :, None, None], beta)
        return x * (torch.sqrt(size) if self.inverse else torch.rsqrt(size))
