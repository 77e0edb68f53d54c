"""Integer layers: exact in any arithmetic that the bound allows, and the same in training and on the integer path."""

from __future__ import annotations

import numpy as np
import torch
from torch.nn import functional as F

from latentpress.parts.integer import IntegerConv2d, exact_bound, set_integer
from latentpress.parts.rate_table import IntegerRateTable, mix_for_rates


def layer(**changes: int) -> IntegerConv2d:
    torch.manual_seed(0)
    return IntegerConv2d(16, 8, 3, **({"in_bits": 5, "in_high": 255, "out_bits": 5} | changes))


def activations(seed: int = 1) -> torch.Tensor:
    return torch.from_numpy(np.random.default_rng(seed).integers(0, 256, (2, 16, 9, 7))).float() / 32


def test_integer_forward_equals_whole_number_arithmetic() -> None:
    conv = layer()
    set_integer(conv, True)
    weight, bias, exponents = (p.to(torch.int64) for p in conv.integer_parameters())
    x = activations()
    sums = F.conv2d((x * 32).to(torch.float64), weight.double(), bias.double(), padding=1).to(torch.int64)
    shift = (exponents + 5 - 5)[None, :, None, None]
    expected = ((sums + (1 << (shift - 1).clamp_min(0)) * (shift > 0)) >> shift).clamp(0, 255)
    with torch.no_grad():
        assert torch.equal((conv(x) * 32).to(torch.int64), expected)
    assert expected.unique().numel() > 50


def test_training_graph_gives_the_numbers_of_the_exported_one() -> None:
    conv = layer()
    set_integer(conv, True)
    x = activations()
    with torch.no_grad():
        clean = conv(x)
    assert torch.equal(conv(x).detach(), clean)


def test_gradients_pass_through_the_rounding() -> None:
    conv = layer(out_low=-127, out_high=127)
    set_integer(conv, True)
    conv(activations()).sum().backward()
    assert conv.weight.grad is not None
    assert (conv.weight.grad != 0).all()


def test_weights_fit_8_bits_and_use_them() -> None:
    conv = layer()
    with torch.no_grad():
        conv.weight[3] *= 100
        conv.weight[4] = 0
    weight, _, exponents = conv.integer_parameters()
    assert weight.abs().max() <= 127
    assert (weight[:4].abs().amax(dim=(1, 2, 3)) >= 63).all()
    assert exponents[3] < exponents[2]
    assert torch.isfinite(weight).all()


def test_exact_bound_is_reached_by_the_worst_input() -> None:
    weight = torch.tensor([[[[3.0]], [[-4.0]]], [[[1.0]], [[1.0]]]])
    bias = torch.tensor([10.0, 1000.0])
    assert exact_bound(weight, bias, 255) == max(7 * 255 + 10, 2 * 255 + 1000)


def test_integer_rate_table_interpolates_on_its_grid() -> None:
    torch.manual_seed(0)
    table = IntegerRateTable(4, 5, 4, torch.randn(4, 5))
    set_integer(table, True)
    rates = torch.arange(49)
    mix = mix_for_rates(rates, 4)
    assert torch.equal(mix.sum(dim=1), torch.full((49,), 16.0))
    with torch.no_grad():
        values = table(mix)[:, :, 0, 0]
    whole = table.integer_table().to(torch.int64)
    left, part = rates // 16, rates % 16
    right = (left + 1).clamp_max(3)
    expected = (whole[left] * (16 - part)[:, None] + whole[right] * part[:, None] + 8) >> 4
    assert torch.equal((values * 16).to(torch.int64), expected)
