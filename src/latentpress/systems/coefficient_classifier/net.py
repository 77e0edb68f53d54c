"""The networks of the comparison: a perceptron, a convolutional network, and one that knows of blocks."""

from __future__ import annotations

from torch import Tensor, nn

__all__ = ["NETWORKS", "block_network", "convolutional", "perceptron"]


def perceptron(channels: int, side: int, classes: int) -> nn.Module:
    """Two hidden layers of all inputs; planes (B, channels, side, side) to scores (B, classes)."""
    return nn.Sequential(
        nn.Flatten(),
        nn.Linear(channels * side * side, 128),
        nn.ReLU(),
        nn.Linear(128, 64),
        nn.ReLU(),
        nn.Linear(64, classes),
    )


def convolutional(channels: int, side: int, classes: int) -> nn.Module:
    """Two 3x3 convolutions with 2x2 maxima, two full layers: made for pixels, whatever stands in the planes."""
    return nn.Sequential(
        nn.Conv2d(channels, 16, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1), nn.ReLU(), nn.MaxPool2d(2),
        nn.Flatten(), nn.Linear(32 * (side // 4) ** 2, 64), nn.ReLU(), nn.Linear(64, classes),
    )  # fmt: skip


class _Blocks(nn.Module):
    """Planes to a channel for each place in an 8x8 block."""

    def forward(self, planes: Tensor) -> Tensor:
        return nn.functional.pixel_unshuffle(planes, 8)


def block_network(channels: int, side: int, classes: int) -> nn.Module:
    """Convolutions over the grid of blocks, 64 channels a component: what a coefficient is stays apart by frequency."""
    return nn.Sequential(
        _Blocks(), nn.Conv2d(64 * channels, 64, 1), nn.ReLU(),
        nn.Conv2d(64, 64, 3, padding=1), nn.ReLU(),
        nn.Flatten(), nn.Linear(64 * (side // 8) ** 2, 64), nn.ReLU(), nn.Linear(64, classes),
    )  # fmt: skip


NETWORKS = {"perceptron": perceptron, "CNN": convolutional, "CNN of blocks": block_network}
"""By their names in the study."""
