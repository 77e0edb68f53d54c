"""The discretised logistic, against SciPy and against its own limits."""

from __future__ import annotations

import numpy as np
import torch
from scipy.stats import logistic

from latentpress.codecs.scales import SCALE_COUNT
from latentpress.parts.likelihood import logistic_bits, scale_index, scale_of


def test_bits_agree_with_scipy() -> None:
    residual = torch.linspace(-9, 0, 19, dtype=torch.float64)  # the side where a difference of two masses is precise
    for scale in (0.3, 1.0, 7.0):
        mass = logistic.cdf(residual + 0.5, scale=scale) - logistic.cdf(residual - 0.5, scale=scale)
        bits = logistic_bits(residual, torch.tensor(scale, dtype=torch.float64))
        np.testing.assert_allclose(bits, -np.log2(mass), rtol=1e-6)
        np.testing.assert_allclose(logistic_bits(-residual, torch.tensor(scale, dtype=torch.float64)), bits)


def test_tails_stay_finite_with_useful_gradients() -> None:
    residual = torch.tensor([0.0, 1.0, 500.0, -500.0], requires_grad=True)
    bits = logistic_bits(residual, torch.tensor(0.045))
    bits.sum().backward()
    assert torch.isfinite(bits).all()
    assert residual.grad is not None
    assert torch.isfinite(residual.grad).all()
    assert residual.grad[2] > 0 > residual.grad[3]


def test_masses_sum_to_one() -> None:
    symbols = torch.arange(-3000, 3001, dtype=torch.float64)
    for index in range(1, SCALE_COUNT):
        bits = logistic_bits(symbols, scale_of(torch.tensor(float(index), dtype=torch.float64)))
        assert abs(torch.exp2(-bits).sum().item() - 1) < 1e-6


def test_scale_grid_is_inverse_of_itself() -> None:
    index = torch.arange(0, SCALE_COUNT, 0.25, dtype=torch.float64)
    torch.testing.assert_close(scale_index(scale_of(index)), index)
