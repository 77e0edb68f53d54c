"""The network: how far it sees, and what its skip connection is good for."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch
from torch import Tensor

from latentpress.systems.retina.net import RetinaNet, Sizes


@pytest.fixture(scope="module")
def net() -> RetinaNet:
    """A network with random weights in all layers."""
    torch.manual_seed(0)
    net = RetinaNet(Sizes(channels=64, depth=1, coarse=6, fine=2, anchors=2), None)
    for parameter in net.parameters():
        if not parameter.any():
            torch.nn.init.normal_(parameter, std=0.1)
    return net.eval().requires_grad_(False)


def test_nothing_beyond_the_margin_is_seen(net: RetinaNet) -> None:
    margin, core = Sizes(depth=1).margin, 2
    assert margin == 3
    side, mix = 2 * margin + core + 2, torch.tensor([[16.0, 0.0]])
    x = 255 * torch.rand(1, 1, 16 * side, 16 * side, generator=torch.Generator().manual_seed(1)).expand(-1, 3, -1, -1)
    v = torch.randint(-4, 5, (1, 14, side, side), generator=torch.Generator().manual_seed(2)).float()
    for transform, whole, stride_in, stride_out in ((net.analysis, x, 16, 1), (net.synthesis, v, 1, 16)):
        full = transform(whole, mix)
        for reach, same in ((margin, True), (margin - 2, False)):
            at = slice(margin + 1 - reach, margin + 1 + core + reach)
            part = transform(_cut(whole, at, stride_in), mix)
            inside = _cut(part, slice(reach, reach + core), stride_out)
            wanted = _cut(full, slice(margin + 1, margin + 1 + core), stride_out)
            assert torch.allclose(inside, wanted, rtol=1e-3, atol=1e-3) == same


def test_skip_latents_are_of_quarters_of_a_place(net: RetinaNet) -> None:
    mix, values = torch.tensor([[0.0, 16.0]]), torch.zeros(1, 14, 9, 9)
    nothing = net.synthesis(values, mix)
    for channel in range(6, 14):
        values.zero_()[0, channel, 4, 4] = 20
        changed = (net.synthesis(values, mix) - nothing)[0, 0].abs()
        row, column = (channel - 6) % 4 // 2, (channel - 6) % 2
        for axis, quarter in ((1, row), (0, column)):
            weight = changed.sum(dim=axis)
            middle = (weight * torch.arange(144.0)).sum() / weight.sum()
            assert abs(middle - (64 + 8 * quarter + 3.5)) < 4


def test_all_planes_are_one(net: RetinaNet) -> None:
    pixels = net.synthesis(torch.ones(1, 14, 2, 2), torch.tensor([[8.0, 8.0]]))
    assert pixels.shape == (1, 3, 32, 32)
    assert torch.equal(pixels[:, 0], pixels[:, 1])
    assert torch.equal(pixels[:, 0], pixels[:, 2])


def _cut(array: Tensor, part: slice, stride: int) -> Tensor:
    wide = slice(part.start * stride, part.stop * stride)
    return array[..., wide, wide].contiguous()
