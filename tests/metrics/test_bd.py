"""BD-rate: known answers, an independent implementation, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.errors import InvalidInputError
from latentpress.metrics import bd_rate

RATES = [0.1, 0.25, 0.5, 1.0, 2.0]
QUALITY = [27.0, 29.5, 32.0, 34.5, 38.0]


def test_half_the_bits_is_minus_fifty_per_cent() -> None:
    result = bd_rate(RATES, QUALITY, [r / 2 for r in RATES], QUALITY)
    assert result.percent == pytest.approx(-50)
    assert (result.low, result.high) == (27.0, 38.0)
    assert bd_rate(RATES, QUALITY, RATES, QUALITY).percent == pytest.approx(0, abs=1e-9)
    assert bd_rate([r / 2 for r in RATES], QUALITY, RATES, QUALITY).percent == pytest.approx(100)


def test_the_order_of_points_does_not_matter() -> None:
    other = [28.0, 30.0, 33.0, 35.0, 37.0]
    shuffled = np.random.default_rng(0).permutation(5)
    again = bd_rate(np.array(RATES)[shuffled], np.array(QUALITY)[shuffled], RATES[::-1], other[::-1])  # type: ignore[arg-type]
    assert again == bd_rate(RATES, QUALITY, RATES, other)


def test_against_bjontegaard() -> None:
    bjontegaard = pytest.importorskip("bjontegaard")
    rates, quality = [0.08, 0.2, 0.55, 0.9, 2.4], [26.1, 29.3, 33.0, 34.9, 39.5]
    expected = bjontegaard.bd_rate(RATES, QUALITY, rates, quality, method="pchip")
    result = bd_rate(RATES, QUALITY, rates, quality)
    assert result.percent == pytest.approx(expected, abs=1e-6)
    assert (result.low, result.high) == (27.0, 38.0)


@pytest.mark.parametrize(
    ("rates", "quality", "match"),
    [
        ([1.0], [30.0], "two points"),
        ([1.0, 2.0], [30.0, 31.0, 32.0], "two points"),
        ([0.0, 1.0], [30.0, 31.0], "positive"),
        ([1.0, 2.0], [30.0, np.inf], "finite"),
        ([1.0, 2.0], [31.0, 30.0], "rise"),
        ([1.0, 1.0], [30.0, 31.0], "rise"),
        ([1.0, 2.0], [50.0, 60.0], "share no range"),
    ],
)
def test_curves_that_cannot_be_compared(rates: list[float], quality: list[float], match: str) -> None:
    with pytest.raises(InvalidInputError, match=match):
        bd_rate(RATES, QUALITY, rates, quality)
