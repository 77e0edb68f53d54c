"""Soft-to-hard centres: values, gradients, and levels that find the values they stand for."""

from __future__ import annotations

import pytest

pytest.importorskip("torch")

import torch

from latentpress.parts.centres import Centres


def test_values_go_to_the_nearest_level() -> None:
    centres = Centres(5, 2.0)
    x = torch.tensor([[-9.0, -1.4], [0.2, 1.6]])
    assert centres(x).tolist() == [[-2.0, -1.0], [0.0, 2.0]]
    assert centres.symbols(x).tolist() == [[0, 1], [2, 4]]


def test_gradients_are_those_of_the_soft_value() -> None:
    centres = Centres(3, 1.5, sharpness=2.0)
    x = torch.randn(7, dtype=torch.float64, requires_grad=True)
    centres.double()
    found = torch.autograd.grad(centres(x).sum(), [x, centres.levels])
    weights = torch.softmax(-2 * (x[:, None] - centres.levels).square(), dim=1)
    soft = (weights * centres.levels).sum()
    for one, other in zip(found, torch.autograd.grad(soft, [x, centres.levels]), strict=True):
        assert torch.allclose(one, other)
        assert one.abs().min() > 0


def test_sharp_centres_are_hard() -> None:
    centres, x = Centres(6, 2.5, sharpness=400.0), torch.rand(100) * 5 - 2.5
    assert (centres.soft(x) - centres(x)).abs().mean() < 0.01


def test_levels_learn_where_values_are() -> None:
    torch.manual_seed(0)
    centres = Centres(3, 1.0, sharpness=30.0)
    optimiser = torch.optim.Adam(centres.parameters(), 0.05)
    for _ in range(200):
        x = torch.tensor([-3.0, 0.5, 2.0])[torch.randint(3, (64,))] + 0.05 * torch.randn(64)
        loss = (centres(x) - x).square().mean()
        optimiser.zero_grad()
        loss.backward()
        optimiser.step()
    assert torch.allclose(centres.levels.sort().values, torch.tensor([-3.0, 0.5, 2.0]), atol=0.2)
