"""Binary codes: the plan of channels and steps, and their coding with places left out."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.ports import Pricing, Reading, Writing
from latentpress.codecs.signs import SignCoder, SignPlan

LAYERS, CODES = 4, 12
PLAN = SignPlan.of(LAYERS, CODES, np.array([900.0, 300, 120, 60, 50, 40, 30, 20, 10]))


def _values(rng: np.random.Generator, shape: tuple[int, int]) -> np.ndarray:
    """Codes of a smooth first channel and of noise, with a corner left out of the last layer."""
    rows, columns = np.indices(shape)
    target = [900 * np.sin(rows / 9 + columns / 11), *(rng.laplace(0, 60, shape) for _ in range(8))]
    known = np.zeros((9, *shape))
    values = np.zeros((LAYERS, CODES, *shape), np.int32)
    for layer, code in np.ndindex(LAYERS, CODES):
        channel, step = PLAN.channel[layer, code], PLAN.steps[layer, code]
        values[layer, code] = np.where(target[channel] > known[channel], 1, -1)
        known[channel] += step * values[layer, code]
    values[-1, :, :4, :5] = 0
    return values


def test_a_plan_spends_codes_where_most_is_left() -> None:
    assert PLAN.channel.shape == PLAN.steps.shape == PLAN.turn.shape == (LAYERS, CODES)
    assert PLAN.steps.min() >= 1
    first = PLAN.channel[0].tolist()
    assert first.count(0) == SignPlan.turns
    assert first.count(0) >= first.count(1) >= first.count(8)
    for layer in range(LAYERS):
        for channel in range(9):
            turns = PLAN.turn[layer][PLAN.channel[layer] == channel]
            assert turns.tolist() == list(range(turns.size))


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (19, 23)])
def test_codes_come_back_and_cost_less_than_one_bit(shape: tuple[int, int]) -> None:
    wanted = _values(np.random.default_rng(3), shape)
    port, price = Writing(), Pricing()
    for one in (port, price):
        coder = SignCoder(PLAN.channel, PLAN.steps, PLAN.turn, shape)
        for layer in range(LAYERS):
            assert np.array_equal(coder.layer(one, layer, wanted[layer]), wanted[layer])
    reading, coder = Reading(port.finish()), SignCoder(PLAN.channel, PLAN.steps, PLAN.turn, shape)
    for layer in range(LAYERS):
        assert np.array_equal(coder.layer(reading, layer, None), wanted[layer])
    reading.finish()
    if shape == (19, 23):
        assert price.total < 0.93 * np.count_nonzero(wanted)
