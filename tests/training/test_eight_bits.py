"""Weights in 8 bits: on their grid, better than nearest rounding at what the layer gives, and only where they may."""

from __future__ import annotations

import copy

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor, nn

from latentpress.parts.blocks import patches
from latentpress.training.eight_bits import round_to_eight_bits


class Net(nn.Module):
    """A strided and two point-wise layers, a depth-wise one, and one that never runs."""

    def __init__(self) -> None:
        super().__init__()
        self.down = nn.Conv2d(12, 24, 1)
        self.spatial = nn.Conv2d(24, 24, 3, padding=1, groups=24)
        self.hidden = nn.Conv2d(24, 24, 1)
        self.head = nn.Conv2d(24, 8, 1)
        self.idle = nn.Conv2d(4, 4, 1)

    def forward(self, x: Tensor) -> Tensor:
        h = torch.relu(self.spatial(patches(x, self.down, 2)))
        made: Tensor = self.head(torch.relu(self.hidden(h)))
        return made


Nets = tuple[Net, Net, list[tuple[Tensor, ...]]]


@pytest.fixture(scope="module")
def nets() -> Nets:
    """A network as it was and rounded, and its inputs: neighbouring samples alike, as in pictures."""
    torch.manual_seed(0)
    net = Net()
    smooth = torch.cumsum(torch.cumsum(torch.randn(4, 3, 32, 32), dim=2), dim=3)
    runs = [(one[None] / smooth.std(),) for one in smooth]
    rounded = copy.deepcopy(net)
    round_to_eight_bits(rounded, runs, keep=("head.weight",))
    return net, rounded, runs


def test_weights_are_whole_numbers_of_a_scale_that_the_weights_tell(
    nets: Nets,
) -> None:
    net, rounded, _ = nets
    for name in ("down.weight", "hidden.weight"):
        rows = dict(rounded.named_parameters())[name].detach().flatten(1)
        assert not torch.equal(rows, dict(net.named_parameters())[name].detach().flatten(1))
        for row in rows:
            largest = row.abs().max()
            assert any(torch.equal(torch.round(row * k / largest) * (largest / k), row) for k in range(1, 128))


def test_kept_depth_wise_and_idle_layers_stay(nets: Nets) -> None:
    before, after = (dict(net.named_parameters()) for net in nets[:2])
    for name in ("head.weight", "spatial.weight", "idle.weight", "hidden.bias"):
        assert torch.equal(before[name], after[name])


def test_outputs_change_less_than_by_rounding_to_the_nearest(nets: Nets) -> None:
    net, rounded, runs = nets
    nearest = copy.deepcopy(net)
    for layer in (nearest.down, nearest.hidden):
        scale = layer.weight.data.abs().amax(dim=1, keepdim=True) / 127
        layer.weight.data = torch.round(layer.weight.data / scale) * scale

    def error(other: Net) -> float:
        with torch.no_grad():
            return sum((net(*run) - other(*run)).square().mean().item() for run in runs)

    assert error(rounded) < 0.6 * error(nearest)
