"""Values and gradients of GDN against a plain loop, and the inverse."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from latentpress.parts.gdn import Gdn


def _layer(inverse: bool) -> Gdn:
    torch.manual_seed(1)
    layer = Gdn(3, inverse=inverse).double()
    with torch.no_grad():
        layer.root_beta.uniform_(0.5, 1.5)
        layer.root_gamma.uniform_(-0.8, 0.8)
    return layer


def _by_hand(x: NDArray[np.float64], beta: NDArray[np.float64], gamma: NDArray[np.float64], power: float) -> float:
    """Sum of y * (its flat position), y_i = x_i (beta_i + sum_j gamma_ij x_j^2)^power at every place."""
    y = np.empty_like(x)
    for b, i, row, column in np.ndindex(*x.shape):
        size = beta[i] + sum(gamma[i, j] * x[b, j, row, column] ** 2 for j in range(x.shape[1]))
        y[b, i, row, column] = x[b, i, row, column] * size**power
    return float((y * np.arange(y.size).reshape(y.shape)).sum())


@pytest.mark.parametrize("inverse", [False, True])
def test_values_and_gradients_are_those_of_the_formula(inverse: bool) -> None:
    layer, power = _layer(inverse), 0.5 if inverse else -0.5
    x = torch.randn(2, 3, 2, 2, dtype=torch.float64, requires_grad=True)
    total = (layer(x) * torch.arange(24.0).view(x.shape)).sum()
    total.backward()  # type: ignore[no-untyped-call]

    roots = [p.detach().numpy() for p in (layer.root_beta, layer.root_gamma)]
    arrays = [x.detach().numpy(), roots[0] ** 2 + 1e-6, roots[1] ** 2]
    assert total.item() == pytest.approx(_by_hand(*arrays, power), rel=1e-9)
    slopes = (x.grad, layer.root_beta.grad / (2 * layer.root_beta), layer.root_gamma.grad / (2 * layer.root_gamma))
    for array, slope in zip(arrays, slopes, strict=True):
        assert slope is not None
        for place in np.ndindex(*array.shape):
            kept, sides = array[place], []
            for moved in (kept + 1e-6, kept - 1e-6):
                array[place] = moved
                sides.append(_by_hand(*arrays, power))
            array[place] = kept
            assert slope[place].item() == pytest.approx((sides[0] - sides[1]) / 2e-6, rel=1e-5, abs=1e-5)


def test_with_a_small_gamma_it_is_nearly_the_identity_and_learns_from_there() -> None:
    layer = Gdn(4, gamma=1e-6)
    x = torch.randn(1, 4, 3, 3)
    y = layer(x)
    assert torch.allclose(y, x, rtol=1e-4)
    y.square().sum().backward()
    assert layer.root_gamma.grad is not None
    assert (layer.root_gamma.grad != 0).all()
