"""Probability tables: their rules, their code lengths, and how they are made from real numbers."""

from __future__ import annotations

import itertools
from collections.abc import Callable

import numpy as np
import pytest

from latentpress.entropy import TOTAL, ProbabilityTables, quantise_pmf
from latentpress.errors import InvalidInputError

COUNTS = np.array([10000, 40000, 15000, 536, 65536])
RADIUS = np.array([1, 0])


def test_arrays_round_trip(tables: ProbabilityTables) -> None:
    again = ProbabilityTables.from_arrays(tables.to_arrays())
    assert again == tables
    assert again != ProbabilityTables(COUNTS, RADIUS)
    assert again != "tables"
    assert len(again) == 64
    assert repr(again) == "<ProbabilityTables: 64 tables, radius 0..256>"
    with pytest.raises(InvalidInputError, match="lack the array 'radius'"):
        ProbabilityTables.from_arrays({"counts": COUNTS})


def test_arrays_are_copied_and_read_only() -> None:
    counts = COUNTS.astype(np.uint32)
    tables = ProbabilityTables(counts, RADIUS)
    counts[0] = 7
    assert tables.counts[0] == 10000
    with pytest.raises(ValueError, match="read-only"):
        tables.counts[0] = 7
    np.testing.assert_array_equal(tables.table(0), [10000, 40000, 15000, 536])


@pytest.mark.parametrize(
    ("counts", "radius", "match"),
    [
        (COUNTS[:-1], RADIUS, "ask for 5 counts"),
        (COUNTS, np.zeros(0, int), "between 1 and 256"),
        (COUNTS, np.zeros(257, int), "between 1 and 256"),
        ([10000, 40000, 15000, 535, 65536], RADIUS, "table 0 sums to 65535"),
        ([10000, 40000, 15000, 536, 65535], RADIUS, "table 1 sums to 65535"),
        ([10000, 40000, 15536, 0, 65536], RADIUS, "count of 0"),
        (COUNTS.astype(float), RADIUS, "1-D array of integers"),
        (COUNTS[None], RADIUS, "1-D array of integers"),
        (COUNTS, np.array([1, -1]), "radius must lie in"),
        (COUNTS, np.array([1, 70000]), "radius must lie in"),
        (-COUNTS, RADIUS, "counts must lie in"),
    ],
)
def test_broken_rules_are_refused(counts: np.ndarray, radius: np.ndarray, match: str) -> None:
    with pytest.raises(InvalidInputError, match=match):
        ProbabilityTables(np.asarray(counts), radius)


def test_bits() -> None:
    tables = ProbabilityTables(COUNTS, RADIUS)
    symbols = np.array([[-1, 0, 1, 2], [-3, 5, 0, 1]])
    indices = np.array([[0, 0, 0, 0], [0, 0, 1, 1]])
    escape = -np.log2(536 / TOTAL)
    expected = [
        [-np.log2(10000 / TOTAL), -np.log2(40000 / TOTAL), -np.log2(15000 / TOTAL), escape + 6],
        [escape + 6, escape + 7, 0.0, np.inf],
    ]
    np.testing.assert_allclose(tables.bits(symbols, indices), expected)
    with pytest.raises(InvalidInputError, match="outside"):
        tables.bits(np.array([0]), np.array([2]))
    with pytest.raises(InvalidInputError, match="go with"):
        tables.bits(np.array([0]), np.array([0, 0]))


def _divergence(pmf: np.ndarray, counts: np.ndarray) -> float:
    p = pmf / pmf.sum()
    some = p > 0
    return float((p[some] * np.log(p[some] / (counts[some] / counts.sum()))).sum())


def test_quantise_is_optimal_in_small_cases() -> None:
    rng = np.random.default_rng(0)
    total = 12
    allowed = [np.array(c) for c in itertools.product(range(1, total), repeat=4) if sum(c) == total]
    for power in (1, 3, 8):
        for _ in range(10):
            pmf = rng.random(4) ** power
            counts = quantise_pmf(pmf, total)
            assert counts.sum() == total
            assert counts.min() >= 1
            assert _divergence(pmf, counts) <= min(_divergence(pmf, c) for c in allowed) + 1e-12


@pytest.mark.parametrize("sigma", [0.01, 0.3, 1.0, 20.0, 300.0])
@pytest.mark.parametrize("radius", [1, 7, 1000])
def test_quantise_gaussians(gaussian: Callable[[float, int], np.ndarray], sigma: float, radius: int) -> None:
    pmf = gaussian(sigma, radius)
    counts = quantise_pmf(pmf)
    assert counts.dtype == np.uint32
    assert counts.sum() == TOTAL
    assert counts.min() >= 1
    # What a floor of 1 on each count must cost, and little more.
    assert _divergence(pmf, counts) < 1.2 * counts.size / TOTAL + 1e-3
    np.testing.assert_array_equal(counts, quantise_pmf(pmf * 3.0))


def test_quantise_edges() -> None:
    np.testing.assert_array_equal(quantise_pmf(np.array([5.0])), [TOTAL])
    np.testing.assert_array_equal(quantise_pmf(np.ones(4)), [TOTAL // 4] * 4)
    np.testing.assert_array_equal(quantise_pmf(np.array([0.0, 1.0, 0.0])), [1, TOTAL - 2, 1])
    np.testing.assert_array_equal(quantise_pmf(np.ones(TOTAL)), np.ones(TOTAL))
    for bad in (np.zeros(3), np.array([1.0, np.nan]), np.array([1.0, -0.1]), np.ones((2, 2)), np.zeros(0)):
        with pytest.raises(InvalidInputError):
            quantise_pmf(bad)
    with pytest.raises(InvalidInputError, match="do not fit"):
        quantise_pmf(np.ones(5), total=4)
