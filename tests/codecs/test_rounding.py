"""Rate-aware rounding against brute force over the candidates."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.rounding import Rounding
from latentpress.entropy import ProbabilityTables, quantise_pmf


@pytest.fixture(scope="module")
def tables() -> ProbabilityTables:
    shapes = []
    for scale in (0.2, 0.7, 3.0):
        inside = np.exp(-np.abs(np.arange(-20, 21)) / scale)
        shapes.append(quantise_pmf(np.append(inside, 1e-4)))
    counts = [np.array([65536], np.uint32), *shapes]
    return ProbabilityTables(np.concatenate(counts), np.array([0, 20, 20, 20], np.uint16))


@pytest.mark.parametrize("weight", [4.0, 20.0])
def test_each_choice_is_the_cheaper_of_two(tables: ProbabilityTables, weight: float) -> None:
    rng = np.random.default_rng(0)
    residual = rng.normal(0, 3, 4000).astype(np.float32)
    index = rng.integers(1, 4, 4000).astype(np.uint8)
    chosen = Rounding(tables, weight).round(residual, index).astype(np.int64)
    size = np.abs(residual).astype(np.float64)
    nearest = np.floor(size + 0.5).astype(np.int64)
    lower = np.maximum(nearest - 1, 0)
    costs = [weight * (size - n) ** 2 + tables.bits(n, index) for n in (nearest, lower)]
    picked = weight * (size - np.abs(chosen)) ** 2 + tables.bits(np.abs(chosen), index)
    np.testing.assert_allclose(picked, np.minimum(*costs), atol=1e-3)
    assert (np.abs(chosen) < nearest).any()
    assert (chosen * residual >= 0).all()


def test_infinite_weight_rounds_to_the_nearest(tables: ProbabilityTables) -> None:
    residual = np.random.default_rng(1).normal(0, 30, 1000).astype(np.float32)
    index = np.full(1000, 2, np.uint8)
    chosen = Rounding(tables, np.inf).round(residual, index)
    np.testing.assert_array_equal(np.abs(chosen), np.floor(np.abs(residual) + 0.5))


def test_table_zero_gives_zero(tables: ProbabilityTables) -> None:
    assert not Rounding(tables, 20.0).round(np.array([5.0, -0.7], np.float32), np.zeros(2, np.uint8)).any()
