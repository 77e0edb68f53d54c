"""The area under a rate-distortion curve, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.errors import InvalidInputError
from latentpress.metrics import rd_area

RATES, QUALITY = [0.5, 1.0, 3.0], [20.0, 30.0, 50.0]


def test_a_straight_line_by_hand() -> None:
    for method in ("pchip", "trapezoid"):
        result = rd_area([0.0, 1.0, 2.0, 3.0], [10.0, 20.0, 30.0, 40.0], method=method)  # type: ignore[arg-type]
        assert result.area == pytest.approx(40.0, abs=1e-12)
        assert result.mean == pytest.approx(20.0, abs=1e-12)
        assert (result.low, result.high, result.complete) == (0.0, 2.0, True)


def test_trapezoids_by_hand() -> None:
    """20 to 30 over 0.5, then 30 to 40 (half-way to 50) over 1; nothing below the first point."""
    result = rd_area(RATES, QUALITY, method="trapezoid")
    assert result.area == pytest.approx(25 * 0.5 + 35, abs=1e-12)
    assert (result.low, result.high, result.complete) == (0.5, 2.0, False)
    assert rd_area(RATES[::-1], QUALITY[::-1], 0.5, 3.0, "trapezoid") == (12.5 + 80, 0.5, 3.0, True)


def test_cubics_lie_near_trapezoids_and_above_them_on_a_bent_curve() -> None:
    rates = np.linspace(0.1, 2.0, 12)
    quality = 30 + 8 * np.log2(rates + 0.5)
    straight, bent = rd_area(rates, quality, 0.1, method="trapezoid"), rd_area(rates, quality, 0.1)
    assert straight.area < bent.area < straight.area * 1.01
    fine = np.linspace(0.1, 2.0, 20001)
    exact = float(np.mean(30 + 8 * np.log2(fine + 0.5)))
    assert bent.mean == pytest.approx(exact, abs=0.01)


def test_a_perfect_similarity_over_two_bits_is_two() -> None:
    result = rd_area([0.0, 2.0], [1.0 - 1e-9, 1.0])
    assert result.area == pytest.approx(2.0, abs=1e-8)


@pytest.mark.parametrize(
    ("arguments", "match"),
    [
        ((RATES, QUALITY, 2.0, 2.0), "range of rates"),
        ((RATES, QUALITY, -1.0, 2.0), "range of rates"),
        ((RATES, QUALITY, 0.0, np.inf), "range of rates"),
        ((RATES, QUALITY, 0.0, 0.5), "no part between"),
        ((RATES, QUALITY, 0.0, 2.0, "simpson"), "'pchip' or 'trapezoid'"),
        (([-0.1, 1.0], [1.0, 2.0]), "positive"),
        (([0.1, 1.0], [2.0, 1.0]), "rise"),
    ],
)
def test_refusals(arguments: tuple, match: str) -> None:
    with pytest.raises(InvalidInputError, match=match):
        rd_area(*arguments)
