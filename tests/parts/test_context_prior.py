"""Scales foretold by magnitudes around: what is cheap, what is dear, and that nothing of a value itself is known."""

from __future__ import annotations

import torch

from latentpress.codecs.coefficients import LEADING
from latentpress.parts.context_prior import ContextPrior
from latentpress.parts.rate_table import mix_for_rates

CHANNELS = 8
MIX = mix_for_rates(torch.tensor([20]), 3)


def bits(values: torch.Tensor) -> torch.Tensor:
    """Of each rounded value (CHANNELS, h, w)."""
    return ContextPrior(CHANNELS, 3).bits(values[None], values[None], MIX)[0].detach()


def test_a_value_is_cheap_where_those_around_are_as_large() -> None:
    lonely, among = torch.zeros(CHANNELS, 5, 5), torch.zeros(CHANNELS, 5, 5)
    lonely[-1, 2, 2] = 4
    among[-1] = 4 * (-1.0) ** torch.arange(5)
    assert bits(among)[-1, 2, 2] < bits(lonely)[-1, 2, 2] / 3
    assert bits(torch.zeros(CHANNELS, 5, 5)).max() < 0.01


def test_leading_channels_follow_from_those_beside() -> None:
    level = torch.zeros(CHANNELS, 5, 5)
    level[0] = 40
    assert bits(level)[0].max() < 8  # a guess of nothing would be off by 40
    level[0], level[LEADING] = 0, 40
    assert bits(level)[LEADING].min() > bits(level)[0].max()


def test_nothing_of_a_value_itself_is_known() -> None:
    torch.manual_seed(0)
    whole = (1 + torch.randn(1, CHANNELS, 6, 6).abs()).requires_grad_()
    ContextPrior(CHANNELS, 3).bits(torch.zeros_like(whole), whole, MIX)[0, 5, 3, 3].backward()
    assert whole.grad is not None
    assert whole.grad[0, 5, 3, 3] == 0
    assert whole.grad[0, 6:].abs().max() == 0
    assert whole.grad[0, 4, 3, 3] != 0
    assert whole.grad[0, 5, 3, 2] != 0
