"""The search for the quality that gives a size, on coders that are formulas."""

from __future__ import annotations

import math
from collections.abc import Callable

import pytest

from latentpress.apps.serve.search import quality_for_size


def sizes(of: Callable[[float], float]) -> tuple[Callable[[float], bytes], list[float]]:
    """A coder whose file has ``of(quality)`` bytes, and the qualities that it was asked for."""
    asked: list[float] = []

    def encode(quality: float) -> bytes:
        asked.append(quality)
        return bytes(max(round(of(quality)), 1))

    return encode, asked


@pytest.mark.parametrize("size", [150, 1000, 5000, 40000, 90000])
@pytest.mark.parametrize("bend", [0.5, 1.0, 2.0])
def test_a_size_within_the_range_is_met(size: int, bend: float) -> None:
    encode, asked = sizes(lambda q: 100 * math.exp(6.9 * (q / 100) ** bend))
    quality, data = quality_for_size(encode, 0, 100, size, whole=False)
    assert abs(len(data) - size) <= 0.05 * size
    assert data == encode(quality)
    assert len(asked) <= 10


def test_whole_numbers_only() -> None:
    encode, asked = sizes(lambda q: 100 * math.exp(6.9 * q / 100))
    quality, _ = quality_for_size(encode, 0, 100, 3000, whole=True)
    assert all(q == round(q) for q in asked)
    assert len(set(asked)) == len(asked)
    assert quality == round(100 * math.log(30) / 6.9)


def test_a_scale_that_runs_the_other_way() -> None:
    encode, _ = sizes(lambda distance: 20000 / (1 + distance))
    quality, data = quality_for_size(encode, 25, 0.05, 4000, whole=False)
    assert len(data) == pytest.approx(4000, rel=0.02)
    assert quality == pytest.approx(4, abs=0.1)


@pytest.mark.parametrize("whole", [True, False])
def test_beyond_the_range_its_end_is_taken(whole: bool) -> None:
    encode, asked = sizes(lambda q: 1000 + 10 * q)
    assert quality_for_size(encode, 0, 100, 10, whole=whole)[0] == 0
    assert quality_for_size(encode, 0, 100, 1e6, whole=whole)[0] == 100
    assert len(asked) <= 18


def test_a_coder_with_one_size() -> None:
    encode, asked = sizes(lambda q: 500)
    assert len(quality_for_size(encode, 0, 100, 300, whole=False)[1]) == 500
    assert len(asked) <= 9
