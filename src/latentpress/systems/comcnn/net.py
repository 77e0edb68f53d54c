"""The two networks, both corrections of what filters without learning would do.

    picture - conv 3x3 - ReLU - conv 3x3 /2 - ReLU - conv 3x3 -+-> small picture (3, H/2, W/2)
          \\-------------------- filter 4x4 /2 ----------------/
    small picture, its quality - conv 3x3 - ReLU - ... - conv x2 -+-> picture
                    \\------------------ filter x2 ----------------/

Layers of Jiang et al. 2017 (arXiv 1708.00838), but that RecCNN works on the small picture and its last layer doubles
it, which is a quarter of the work.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
from torch import Tensor, nn

from latentpress.parts.blocks import zero_
from latentpress.training.schedule import setting

__all__ = ["ComCnnNet", "Sizes"]

_UNIT = 64.0  # grey levels that stand for 1
_DOWN = torch.tensor([-1.0, 5.0, 5.0, -1.0]) / 8  # half-way between samples, by a cubic
_UP = torch.tensor([-0.0234375, -0.0703125, 0.2265625, 0.8671875, 0.8671875, 0.2265625, -0.0703125, -0.0234375])


@dataclass(frozen=True, kw_only=True)
class Sizes:
    """``before``: channels of ComCNN; ``after``: of RecCNN, with so many ``layers`` of 3x3 before the last."""

    before: int = setting(24, at_least=1)
    after: int = setting(40, at_least=1)
    layers: int = setting(8, at_least=1, at_most=20)


def _filter(taps: Tensor) -> Tensor:
    """Weights (3, 1, k, k) of a separable filter."""
    return torch.outer(taps, taps).expand(3, 1, -1, -1).clone()


class Compact(nn.Module):
    """ComCNN: grey levels (B, 3, H, W) to (B, 3, H/2, W/2)."""

    def __init__(self, n: int) -> None:
        super().__init__()
        self.filter = nn.Conv2d(3, 3, 4, stride=2, padding=1, groups=3, bias=False)
        self.filter.weight = nn.Parameter(_filter(_DOWN), requires_grad=False)
        self.layers = nn.Sequential(
            nn.Conv2d(3, n, 3, padding=1), nn.ReLU(), nn.Conv2d(n, n, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(n, 3, 3, padding=1),
        )  # fmt: skip
        zero_(self.layers[-1])  # type: ignore[arg-type]  # a convolution

    def forward(self, x: Tensor) -> Tensor:
        x = (x - 128) * (1 / _UNIT)
        small: Tensor = (self.filter(x) + self.layers(x)).float() * _UNIT + 128
        return small


class Restore(nn.Module):
    """RecCNN: grey levels of the small picture and, in a fourth plane, its quality 0..1, to the picture."""

    def __init__(self, n: int, layers: int) -> None:
        super().__init__()
        self.filter = nn.ConvTranspose2d(3, 3, 8, stride=2, padding=3, groups=3, bias=False)
        self.filter.weight = nn.Parameter(_filter(_UP))
        self.enter = nn.Conv2d(4, n, 3, padding=1)
        self.middle = nn.ModuleList(nn.Conv2d(n, n, 3, padding=1) for _ in range(layers - 1))
        self.head = nn.ConvTranspose2d(n, 3, 4, stride=2, padding=1)
        nn.init.zeros_(self.head.weight)
        nn.init.zeros_(self.head.bias)  # type: ignore[arg-type]  # it has one

    def forward(self, values: Tensor) -> Tensor:
        small = (values[:, :3] - 128) * (1 / _UNIT)
        h = torch.relu(self.enter(torch.cat([small, values[:, 3:]], dim=1)))
        for layer in self.middle:
            h = h + torch.relu(layer(h))
        pixels: Tensor = (self.filter(small) + self.head(h)).float() * _UNIT + 128
        return pixels


class ComCnnNet(nn.Module):
    """Both."""

    def __init__(self, sizes: Sizes) -> None:
        super().__init__()
        self.analysis, self.synthesis = Compact(sizes.before), Restore(sizes.after, sizes.layers)
