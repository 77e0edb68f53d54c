"""Coders meet a rate or a PSNR."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress.bench.coders import get_coder
from latentpress.bench.report import Target, encode_near, encode_to_rate, measure_coded
from latentpress.bench.report.tables import samples_of
from latentpress.errors import InvalidInputError, LatentPressError
from latentpress.metrics import psnr

from .conftest import Bench

Picture = NDArray[np.uint8]


def test_the_file_is_near_its_target(bench: Bench, original: Picture) -> None:
    samples = samples_of(bench.run, "first")
    assert set(samples) == {"jpeg-420", "jpeg2000"}
    for id, points in samples.items():
        low, high = points[0].psnr, points[-1].psnr
        for value in (low + (high - low) / 3, high - (high - low) / 3):
            found = encode_near(get_coder(id), original, points, Target("psnr", value))
            assert found.psnr == pytest.approx(value, abs=0.3)
        found = encode_near(get_coder(id), original, points, Target("bpp", 0.8))
        assert found.bpp == pytest.approx(0.8, rel=0.08)
        assert found.bpp == 8 * len(found.data) / (176 * 200)
        assert found.psnr == psnr(original, get_coder(id).decode(found.data))


def test_a_target_out_of_reach_gives_the_end_of_the_range(bench: Bench, original: Picture) -> None:
    points = samples_of(bench.run, "first")["jpeg-420"]
    assert encode_near(get_coder("jpeg-420"), original, points, Target("bpp", 0.01)).quality == 10
    assert encode_near(get_coder("jpeg-420"), original, points, Target("psnr", 80.0)).quality == 90


@pytest.mark.parametrize("id", ["jpeg-420", "jpeg2000", "jxl", "x265-444"])
@pytest.mark.parametrize("bpp", [1.2, 3.0])
def test_bisection_meets_a_rate_on_every_kind_of_scale(id: str, bpp: float, original: Picture) -> None:
    try:
        coder = get_coder(id)
    except LatentPressError as error:
        pytest.skip(str(error))
    found = encode_to_rate(coder, original, bpp)
    assert found.bpp == pytest.approx(bpp, rel=0.12)
    low, high = coder.quality_range
    assert low <= found.quality <= high
    if coder.whole:
        for other in {max(found.quality - 1, low), min(found.quality + 1, high)} - {found.quality}:
            rate = 8 * len(coder.encode(original, other)) / (176 * 200)
            assert abs(math.log(rate / bpp)) >= abs(math.log(found.bpp / bpp))


def test_rates_out_of_reach_and_lossless_coders(original: Picture) -> None:
    jpeg = get_coder("jpeg-420")
    assert encode_to_rate(jpeg, original, 0.001).quality == 0
    assert encode_to_rate(jpeg, original, 100).quality == 100
    found = encode_to_rate(get_coder("png"), original, 0.5)
    assert found.psnr == math.inf
    assert np.array_equal(found.pixels, original)


def test_small_pictures_have_no_ms_ssim(tmp_path: Path) -> None:
    small = np.zeros((8, 8, 1), np.uint8)
    assert measure_coded(small, b"1234", small).ms_ssim is None
    with pytest.raises(InvalidInputError, match="8x8 gray and 9x8 gray"):
        measure_coded(small, b"1234", np.zeros((8, 9, 1), np.uint8))
