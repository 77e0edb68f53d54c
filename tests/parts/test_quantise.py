"""Stand-ins for rounding."""

from __future__ import annotations

import pytest

torch = pytest.importorskip("torch")

from latentpress.parts.quantise import add_uniform_noise, soft_round, soft_round_inverse  # noqa: E402


@pytest.mark.parametrize("alpha", [0.5, 2.0, 5.0, 9.0])
def test_soft_rounding_is_undone(alpha: float) -> None:
    x = torch.linspace(-3.4, 3.4, 400, dtype=torch.float64)
    assert torch.allclose(soft_round_inverse(soft_round(x, alpha), alpha), x, atol=1e-3)


def test_soft_rounding_lies_between_value_and_whole_number() -> None:
    x = torch.linspace(-3.45, 3.45, 301)
    assert torch.allclose(soft_round(x, 0.01), x, atol=1e-3)
    away = (x - torch.floor(x) - 0.5).abs() > 0.05  # from where rounding jumps
    assert torch.allclose(soft_round(x, 60.0)[away], torch.round(x)[away], atol=1e-2)


def test_soft_rounding_rises_and_has_a_slope() -> None:
    x = torch.linspace(-2.4, 2.4, 200, requires_grad=True)
    y = soft_round(x, 5.0)
    assert (y.diff() > 0).all()
    y.sum().backward()
    assert x.grad is not None
    assert (x.grad > 0).all()


def test_noise_from_given_values() -> None:
    x = torch.zeros(3)
    assert torch.equal(add_uniform_noise(x, torch.tensor([0.0, 0.5, 0.75])), torch.tensor([-0.5, 0.0, 0.25]))
