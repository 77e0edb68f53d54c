"""The scale grid: the numbers of the format that were computed from it once."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.mean_scale.finer import _FACTORS
from latentpress.codecs.roi import MAP_LIMIT
from latentpress.codecs.scales import LOG_STEP, STEP_DECIBELS, STEPS_PER_OCTAVE, tables_of


def test_factors_of_the_format_are_powers_of_the_step() -> None:
    steps = np.arange(-MAP_LIMIT, MAP_LIMIT + 1)
    assert np.array_equal(_FACTORS, np.rint(4096 * np.exp(LOG_STEP * steps)))
    assert pytest.approx(STEPS_PER_OCTAVE * STEP_DECIBELS) == 20 * np.log10(2)


def test_the_nearest_table_is_named_and_halves_go_up() -> None:
    index = np.array([-3, 0.4375, 0.5, 62.4375, 62.5, 90], np.float32)
    assert tables_of(index).tolist() == [0, 0, 1, 62, 63, 63]
    assert tables_of(index, 8).max() == 7
