"""What networks that restore JPEG pictures share: the description of a quantisation, and layers that heed it."""

from __future__ import annotations

import torch
from torch import Tensor, nn
from torch.nn import functional as F

__all__ = ["CONDITIONS", "Modulation", "derivatives", "symmetric_"]

CONDITIONS = 10
"""Numbers that describe how a JPEG was quantised (`latentpress.restoration.tables.Quantisation.condition`)."""

_ACROSS = torch.tensor([[-1.0, 0.0, 1.0], [-2.0, 0.0, 2.0], [-1.0, 0.0, 1.0]]) / 8
_SOBEL = torch.stack([_ACROSS, _ACROSS.T])[:, None]


class Modulation(nn.Module):
    """Scale and shift of feature maps by the quantisation: a linear layer of its embedding (FiLM, Perez et al. 2018).

    Starts as the identity.
    """

    def __init__(self, embedding: int, channels: int) -> None:
        super().__init__()
        self.channels = channels
        self.linear = nn.Linear(embedding, 2 * channels)
        nn.init.zeros_(self.linear.weight)
        nn.init.zeros_(self.linear.bias)

    def forward(self, x: Tensor, embedded: Tensor) -> Tensor:
        both = self.linear(embedded).to(x.dtype)[:, :, None, None]
        modulated: Tensor = x * (1 + both[:, : self.channels]) + both[:, self.channels :]
        return modulated


def derivatives(x: Tensor) -> Tensor:
    """Sobel's first derivatives of planes (B, C, H, W), in levels a pixel: (B, 2 C, H, W), of each plane that across
    and that down; beyond the borders is zero.
    """
    planes = x.reshape(-1, 1, x.shape[2], x.shape[3])
    return F.conv2d(planes, _SOBEL.to(x), padding=1).reshape(x.shape[0], -1, x.shape[2], x.shape[3])


def symmetric_(network: nn.Module) -> None:
    """Make the kernels of every convolution that is not zero symmetric to both axes: the mean of a kernel and its
    mirror images, with the variance brought back (an initialisation of Svoboda et al. 2016, arXiv 1605.00366).
    """
    with torch.no_grad():
        for layer in network.modules():
            if isinstance(layer, nn.Conv2d) and layer.weight.any():
                weight = layer.weight
                mean = (weight + weight.flip(2) + weight.flip(3) + weight.flip(2, 3)) / 4
                weight.copy_(mean * (weight.std() / mean.std()))
