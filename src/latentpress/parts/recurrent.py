"""Recurrent cells on feature maps: what a progressive codec remembers from layer to layer."""

from __future__ import annotations

import torch
from torch import Tensor, nn

__all__ = ["ConvGru"]


class ConvGru(nn.Module):
    """Convolutional gated recurrent unit (Cho et al. 2014, arXiv 1406.1078), as Toderici et al. 2017 (arXiv 1608.05148,
    section 3.1) put it on feature maps, with each convolution split in a depth-wise 3x3 one, which input and state
    share, and point-wise ones for the gates.

    Input (B, inputs, H, W) and state (B, hidden, H, W) give the next state, in (-1, 1). A step sees one sample further
    on each side.
    """

    def __init__(self, inputs: int, hidden: int) -> None:
        super().__init__()
        both = inputs + hidden
        self.inputs = inputs
        self.spatial = nn.Conv2d(both, both, 3, padding=1, groups=both)
        self.gates = nn.Conv2d(both, 2 * hidden, 1)
        self.candidate = nn.Conv2d(both, hidden, 1)

    def forward(self, x: Tensor, state: Tensor) -> Tensor:
        seen = torch.cat([x, state], dim=1)
        seen = seen + self.spatial(seen)
        keep, reset = torch.sigmoid(self.gates(seen)).chunk(2, dim=1)
        inside = torch.cat([seen[:, : self.inputs], reset * seen[:, self.inputs :]], dim=1)
        return keep * state + (1 - keep) * torch.tanh(self.candidate(inside))
