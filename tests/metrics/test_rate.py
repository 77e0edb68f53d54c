"""Rates by hand."""

from __future__ import annotations

import pytest

from latentpress.errors import InvalidInputError
from latentpress.metrics import bits_per_pixel, bits_per_subpixel, compression_ratio, space_saving


def test_by_hand() -> None:
    raw = 768 * 512 * 3
    assert bits_per_pixel(raw, 768, 512) == 24
    assert bits_per_subpixel(raw, 768, 512, 3) == 8
    assert bits_per_pixel(49152, 768, 512) == 1.0
    assert compression_ratio(raw, 49152) == 24
    assert space_saving(raw, 49152) == pytest.approx(1 - 1 / 24, abs=1e-15)
    # "40-fold" and "40 %" are two things.
    assert space_saving(40, 1) == pytest.approx(0.975, abs=1e-15)
    assert compression_ratio(10, 6) == pytest.approx(1 / (1 - 0.4), abs=1e-15)


def test_a_file_that_grows() -> None:
    assert compression_ratio(100, 125) == 0.8
    assert space_saving(100, 125) == pytest.approx(-0.25, abs=1e-15)


@pytest.mark.parametrize("arguments", [(0, 1, 1, 1), (1, 0, 1, 1), (1, 1, -1, 1), (1, 1, 1, 0)])
def test_nothing_has_no_rate(arguments: tuple[int, int, int, int]) -> None:
    with pytest.raises(InvalidInputError, match="must be positive, not"):
        bits_per_subpixel(*arguments)


@pytest.mark.parametrize("arguments", [(0, 5), (5, 0), (5, -1)])
def test_no_ratio_with_nothing(arguments: tuple[int, int]) -> None:
    for function in (compression_ratio, space_saving):
        with pytest.raises(InvalidInputError, match="size must be positive"):
            function(*arguments)
