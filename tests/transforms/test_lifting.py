"""Wavelets by lifting: way back, PyWavelets' filters, whole numbers, bands of places."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from latentpress.transforms.bands import Gathered
from latentpress.transforms.lifting import CDF53, WAVELETS, Pyramid

PLANES = np.random.default_rng(0).normal(0, 60, (2, 64, 96)).astype(np.float32)


@pytest.mark.parametrize("name", WAVELETS)
@pytest.mark.parametrize("length", [1, 2, 3, 8, 13])
def test_the_way_back(name: str, length: int) -> None:
    x = PLANES[0, :length]
    assert np.abs(WAVELETS[name].synthesise(*WAVELETS[name].analyse(x)) - x).max() < 1e-3


@pytest.mark.parametrize(("name", "theirs"), [("haar", "haar"), ("cdf53", "bior2.2"), ("cdf97", "bior4.4")])
def test_bands_are_those_of_pywavelets(name: str, theirs: str) -> None:
    """But for their lengths as vectors, signs, and what their longer borders add."""
    pywt = pytest.importorskip("pywt")
    x = PLANES[0, 0].astype(np.float64)
    for ours, other in zip(WAVELETS[name].analyse(x), pywt.dwt(x, theirs, mode="reflect"), strict=True):
        excess = len(other) - len(ours)
        errors = []
        for start in range(excess + 1):
            part = other[start : start + len(ours)]
            scale = float(ours @ part / (part @ part))
            errors.append(np.abs(ours - scale * part)[4:-4].max() if 0.7 < abs(scale) < 1.5 else np.inf)
        assert min(errors) < 1e-3


@pytest.mark.parametrize("name", WAVELETS)
def test_whole_numbers_come_back(name: str) -> None:
    whole = np.rint(PLANES).astype(np.int32)
    stage = Pyramid(replace(WAVELETS[name], reversible=True), 5)
    bands = stage.forward(whole)
    assert all(band.dtype == np.int32 for band in bands)
    assert np.array_equal(stage.inverse(bands), whole)


def test_the_reversible_wavelet_is_that_of_jpeg_2000() -> None:
    """ITU-T T.800, F.4.8.1: y(2n + 1) = x - floor(sum / 2), y(2n) = x + floor((sum + 2) / 4)."""
    x = np.rint(PLANES[0, 0]).astype(np.int64)
    low, high = replace(CDF53, reversible=True).analyse(x)
    wanted = x[1:-1:2] - (x[0:-2:2] + x[2::2]) // 2
    assert np.array_equal(high[:-1], wanted)
    assert np.array_equal(low[1:-1], x[2:-2:2] + (wanted[:-1] + wanted[1:] + 2) // 4)


def test_bands_and_places() -> None:
    bands = Pyramid(CDF53, 4).forward(PLANES)
    gathered = Gathered(2, 4)
    values = gathered.forward(bands)
    assert values.shape == (2 * 256, 4, 6)
    assert [band.shape for band in bands] == gathered.shapes(4, 6)
    for back, band in zip(gathered.inverse(values), bands, strict=True):
        assert np.array_equal(back, band)
