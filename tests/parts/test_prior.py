"""Distributions of channels: they sum to one, cost what the formula says, and round as the codec does."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
import torch
from numpy.typing import NDArray

from latentpress.codecs.rounding import Rounding
from latentpress.parts.prior import ChannelPrior
from latentpress.parts.rate_table import mix_for_rates

RATES = torch.tensor([0, 8, 16])


@pytest.fixture
def prior() -> ChannelPrior:
    """Three channels, two anchors, deviations from 0.3 to 30 steps."""
    torch.manual_seed(0)
    made = ChannelPrior(3, anchors=2)
    made.start(torch.tensor([[30.0, 3.0, 0.3], [60.0, 6.0, 0.6]]))
    with torch.no_grad():
        made.log_weight.table.normal_()
    return made


def test_chances_of_all_numbers_sum_to_one_and_are_those_of_the_mixture(prior: ChannelPrior) -> None:
    chances = prior.chances(mix_for_rates(RATES, 2), 1000).double()
    assert chances.shape == (3, 3, 2001)
    assert torch.allclose(chances.sum(dim=2), torch.ones(3, 3, dtype=torch.float64), atol=1e-4)

    scale = np.exp(prior.log_scale.table.detach().numpy().astype(np.float64)).reshape(2, 3, 3)[0, :, 1]
    weight = np.exp(prior.log_weight.table.detach().numpy().astype(np.float64)).reshape(2, 3, 3)[0, :, 1]
    edges = 1 / (1 + np.exp(-(np.array([[3.5], [4.5]]) / scale)))
    assert chances[0, 1, 1004].item() == pytest.approx((weight / weight.sum()) @ (edges[1] - edges[0]), rel=1e-4)


def test_values_are_rounded_as_the_codec_rounds_them(prior: ChannelPrior) -> None:
    mix = mix_for_rates(RATES[:1], 2)

    values = 4 * torch.randn(1, 3, 40, 40)
    index = np.repeat(np.arange(1, 4, dtype=np.uint8), 1600)

    class Lengths:
        def __len__(self) -> int:
            return 4  # of which 0 codes nothing

        def bits(self, symbols: NDArray[Any], indices: NDArray[Any]) -> NDArray[np.float64]:
            columns = torch.from_numpy(np.array(symbols[1:], np.float32))[None, :, :, None]
            return np.concatenate([0.0 * symbols[:1], prior.bits(columns, mix)[0, :, :, 0].detach().numpy()])

    rounded = prior.rate_aware(values, mix, 20.0)
    expected = Rounding(Lengths(), 20.0).round(values.numpy().ravel(), index)
    assert np.array_equal(rounded.numpy().ravel(), expected)
    assert (rounded.abs() < torch.round(values.abs())).any()
