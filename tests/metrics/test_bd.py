"""BD-rate and BD-PSNR: known answers, an independent implementation, thin ground, and refusals."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.errors import InvalidInputError
from latentpress.metrics import bd_psnr, bd_rate

RATES = [0.1, 0.25, 0.5, 1.0, 2.0]
QUALITY = [27.0, 29.5, 32.0, 34.5, 38.0]
OTHER = [0.08, 0.2, 0.55, 0.9, 2.4], [26.1, 29.3, 33.0, 34.9, 39.5]
# bjontegaard 1.3.0, method="pchip".
PINNED_RATE, PINNED_PSNR = -14.462380478144, 0.583701894810


def test_half_the_bits_is_minus_fifty_per_cent() -> None:
    result = bd_rate(RATES, QUALITY, [r / 2 for r in RATES], QUALITY)
    assert result.percent == pytest.approx(-50)
    assert (result.low, result.high, result.overlap, result.points) == (27.0, 38.0, 1.0, 5)
    assert bd_rate(RATES, QUALITY, RATES, QUALITY).percent == pytest.approx(0, abs=1e-9)
    assert bd_rate([r / 2 for r in RATES], QUALITY, RATES, QUALITY).percent == pytest.approx(100)


def test_half_a_decibel_more_is_half_a_decibel() -> None:
    result = bd_psnr(RATES, QUALITY, RATES, [q + 0.5 for q in QUALITY])
    assert result.change == pytest.approx(0.5, abs=1e-12)
    assert (result.low, result.high, result.overlap, result.points) == (0.1, 2.0, 1.0, 5)
    assert not result.thin


def test_the_order_of_points_does_not_matter() -> None:
    other = [28.0, 30.0, 33.0, 35.0, 37.0]
    shuffled = np.random.default_rng(0).permutation(5)
    anchor = np.array(RATES)[shuffled], np.array(QUALITY)[shuffled]
    for function in (bd_rate, bd_psnr):
        assert function(*anchor, RATES[::-1], other[::-1]) == function(RATES, QUALITY, RATES, other)


def test_pinned() -> None:
    rate, quality = bd_rate(RATES, QUALITY, *OTHER), bd_psnr(RATES, QUALITY, *OTHER)
    assert rate.percent == pytest.approx(PINNED_RATE, abs=1e-9)
    assert (rate.low, rate.high) == (27.0, 38.0)
    assert rate.overlap == pytest.approx(11 / 13.4, abs=1e-12)
    assert quality.change == pytest.approx(PINNED_PSNR, abs=1e-9)
    assert (quality.low, quality.high) == (0.1, 2.0)
    assert quality.overlap == pytest.approx(np.log(20) / np.log(30), abs=1e-12)


def test_against_bjontegaard() -> None:
    reference = pytest.importorskip("bjontegaard")
    rng = np.random.default_rng(5)
    for points in (4, 6, 9):
        curves = []
        for _ in range(2):
            rates = np.sort(rng.uniform(0.05, 3, points))
            curves += [rates, 30 + 5 * np.log2(rates) + np.sort(rng.normal(0, 0.3, points))]
        for own, other in (
            (bd_rate(*curves).percent, reference.bd_rate),
            (bd_psnr(*curves).change, reference.bd_psnr),
        ):
            assert own == pytest.approx(float(other(*curves, method="pchip", min_overlap=0)), abs=1e-9)


def test_thin_ground_is_told() -> None:
    wide = [1.0, 2.0, 4.0, 8.0], [30.0, 33.0, 36.0, 39.0]
    few = bd_rate(*wide, [1.0, 3.0, 8.0], [30.0, 34.0, 39.0])
    assert few.thin
    assert few.warning == "a curve has only 3 points"
    # 36..39 of 30..39: all of the other curve, but a third of the anchor's.
    short = bd_rate(*wide, [3.0, 4.0, 5.0, 6.0], [36.0, 37.0, 38.0, 39.0])
    assert short.thin
    assert short.overlap == pytest.approx(1 / 3)
    assert short.warning == "the curves share only 33 % of the longer one's range"
    assert bd_psnr(*wide, [6.0, 7.0, 8.0], [36.0, 37.0, 38.0]).warning.count(";") == 1
    enough = bd_rate(*wide, [3.0, 4.0, 5.0, 6.0], [34.0, 36.0, 37.0, 39.0])
    assert (enough.thin, enough.warning) == (False, "")


@pytest.mark.parametrize(
    ("rates", "quality", "match"),
    [
        ([1.0], [30.0], "two points"),
        ([1.0, 2.0], [30.0, 31.0, 32.0], "two points"),
        ([0.0, 1.0], [30.0, 31.0], "positive"),
        ([1.0, 2.0], [30.0, np.inf], "finite"),
        ([1.0, 2.0], [31.0, 30.0], "rise"),
        ([1.0, 1.0], [30.0, 31.0], "rise"),
        ([3.0, 4.0], [50.0, 60.0], "share no range"),
    ],
)
def test_curves_that_cannot_be_compared(rates: list[float], quality: list[float], match: str) -> None:
    for function in (bd_rate, bd_psnr):
        with pytest.raises(InvalidInputError, match=match):
            function(RATES, QUALITY, rates, quality)


def test_on_a_window_only_the_window_counts() -> None:
    better_above = [0.1, 0.25, 0.5, 0.9, 1.2]
    whole, below, above = (
        bd_rate(RATES, QUALITY, better_above, QUALITY, window=window).percent
        for window in (None, (27.0, 29.5), (34.5, 38.0))
    )
    assert above < whole < below == pytest.approx(0, abs=1e-9)
    assert bd_rate(RATES, QUALITY, better_above, QUALITY, window=(27.0, 38.0)).percent == pytest.approx(whole)
    with pytest.raises(InvalidInputError, match=r"cover 27\.00-38\.00, not all of 26-30"):
        bd_rate(RATES, QUALITY, RATES, QUALITY, window=(26.0, 30.0))
