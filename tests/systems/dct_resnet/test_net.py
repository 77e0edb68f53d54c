"""A network moved into the frequency domain computes what it computed on pixels."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from latentpress.systems.dct_resnet.net import (
    EXACT,
    BlockConvolution,
    BlockRelu,
    ResNet,
    approximate,
    blocks_of,
    in_frequency,
)


@pytest.mark.parametrize(("kernel", "stride"), [(3, 1), (3, 2), (1, 2), (1, 1)])
def test_a_convolution_of_blocks_is_that_of_pixels(kernel: int, stride: int) -> None:
    torch.manual_seed(0)
    layer = torch.nn.Conv2d(3, 2, kernel, stride, kernel // 2)
    planes = torch.randn(2, 3, 32, 48)
    wanted = blocks_of(layer(planes))
    assert torch.allclose(BlockConvolution(layer)(blocks_of(planes)), wanted, atol=1e-4)


@pytest.mark.parametrize("masked", [True, False])
def test_the_network_is_the_same_with_all_frequencies(masked: bool) -> None:
    torch.manual_seed(1)
    net, planes = ResNet(1, 32, 10).eval(), torch.randn(4, 1, 32, 32)
    with torch.no_grad():
        wanted = net(planes)
        moved = in_frequency(net)
        same, near = (approximate(moved, diagonals, masked=masked)(blocks_of(planes)) for diagonals in (EXACT, 4))
    assert torch.allclose(same, wanted, atol=1e-4)
    assert not torch.allclose(near, wanted, atol=1e-3)


def test_fewer_frequencies_approximate_worse_and_a_mask_less_badly() -> None:
    torch.manual_seed(2)
    planes = torch.randn(1, 1, 64, 64)
    wanted, blocks = blocks_of(planes.clamp_min(0)), blocks_of(planes)

    def error(diagonals: int, masked: bool) -> float:
        return float((BlockRelu(diagonals, masked=masked)(blocks) - wanted).square().mean())

    errors = [[error(diagonals, masked) for diagonals in (2, 6, 10, EXACT)] for masked in (True, False)]
    assert all(one == sorted(one, reverse=True) for one in errors)
    assert max(errors[0][-1], errors[1][-1]) < 1e-8
    assert all(mask < cut for mask, cut in zip(errors[0][:-1], errors[1][:-1], strict=True))
