"""A small single-shot detector in two forms: with first layers for pixels, and with one convolution for DCT blocks."""

from __future__ import annotations

import torch
from torch import Tensor, nn

from latentpress.systems.coefficient_detector.boxes import default_boxes
from latentpress.systems.coefficient_detector.scenes import CLASSES, SIDE

__all__ = ["DEFAULTS", "BlockFront", "Detector", "PixelFront", "detection_loss"]

_SHAPES = (
    ((0.17, 0.085), (0.26, 0.125), (0.05, 0.125), (0.08, 0.2), (0.23, 0.17)),  # cells of 8 pixels
    ((0.36, 0.17), (0.1, 0.25), (0.35, 0.26), (0.48, 0.34)),  # of 16
)
_CHANNELS = 64

DEFAULTS = default_boxes(SIDE, (SIDE // 8, SIDE // 16), _SHAPES)
"""(N, 4) default boxes: of the finer grid, then of the coarser one."""

_NEGATIVES = 3  # default boxes of nothing for each of something


class PixelFront(nn.Module):
    """Planes Y, Cb, Cr (B, 3, 128, 128) to features (B, 64, 16, 16), after the first three stages of VGG: two 3x3
    convolutions at each of the first three resolutions.
    """

    def __init__(self) -> None:
        super().__init__()
        layers: list[nn.Module] = []
        before = 3
        for width in (8, 16, 32):
            layers += [nn.Conv2d(before, width, 3, padding=1), nn.ReLU(), nn.Conv2d(width, width, 3, padding=1)]
            layers += [nn.ReLU(), nn.MaxPool2d(2)]
            before = width
        self.layers = nn.Sequential(*layers, nn.Conv2d(before, _CHANNELS, 3, padding=1), nn.ReLU())

    def forward(self, planes: Tensor) -> Tensor:
        """Features."""
        features: Tensor = self.layers(planes)
        return features


class BlockFront(nn.Module):
    """DCT blocks of Y (B, 64, 16, 16), and of Cb and Cr at half resolution (B, 128, 8, 8), to as many features."""

    def __init__(self) -> None:
        super().__init__()
        self.luma = nn.Conv2d(64, _CHANNELS, 1)
        self.chroma = nn.Sequential(nn.Conv2d(128, 32, 1), nn.Upsample(scale_factor=2))
        self.both = nn.Sequential(nn.ReLU(), nn.Conv2d(_CHANNELS + 32, _CHANNELS, 3, padding=1), nn.ReLU())

    def forward(self, luma: Tensor, chroma: Tensor) -> Tensor:
        """Features."""
        features: Tensor = self.both(torch.cat([self.luma(luma), self.chroma(chroma)], dim=1))
        return features


class Detector(nn.Module):
    """What ``front`` takes to scores (B, N, 1 + classes), of nothing first, and offsets (B, N, 4) of default boxes."""

    def __init__(self, front: nn.Module) -> None:
        super().__init__()
        self.front = front
        self.fine = nn.Sequential(nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1), nn.ReLU())
        self.coarse = nn.Sequential(
            nn.Conv2d(_CHANNELS, _CHANNELS, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(_CHANNELS, _CHANNELS, 3, padding=1), nn.ReLU(),
        )  # fmt: skip
        self._outputs = 1 + len(CLASSES) + 4
        self.heads = nn.ModuleList(
            nn.Conv2d(_CHANNELS, len(shapes) * self._outputs, 3, padding=1) for shapes in _SHAPES
        )

    def forward(self, *inputs: Tensor) -> tuple[Tensor, Tensor]:
        """Scores and offsets."""
        fine = self.fine(self.front(*inputs))
        maps = [head(one) for head, one in zip(self.heads, (fine, self.coarse(fine)), strict=True)]
        found = torch.cat([one.permute(0, 2, 3, 1).reshape(len(one), -1, self._outputs) for one in maps], dim=1)
        return found[..., :-4], found[..., -4:]


def detection_loss(scores: Tensor, offsets: Tensor, classes: Tensor, wanted: Tensor) -> Tensor:
    """Cross entropy of default boxes with an object and of the three times as many worst ones without, and the smooth
    absolute error of the offsets of the former; both for each box with an object.
    """
    positive = classes > 0
    entropy = nn.functional.cross_entropy(scores.transpose(1, 2), classes, reduction="none")
    without = entropy.detach().masked_fill(positive, -1)
    rank = without.argsort(dim=1, descending=True).argsort(dim=1)
    hard = rank < (_NEGATIVES * positive.sum(dim=1, keepdim=True)).clamp_min(_NEGATIVES)
    errors = nn.functional.smooth_l1_loss(offsets[positive], wanted[positive], reduction="sum")
    loss: Tensor = (entropy[positive | (hard & ~positive)].sum() + errors) / positive.sum().clamp_min(1)
    return loss
