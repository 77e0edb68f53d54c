"""Adaptive bit rates: what errors are seen, where places stop, and the maps that say so."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.codecs.adaptive_rate import Visibility, stops
from latentpress.codecs.places import Places
from latentpress.codecs.ports import Pricing, Reading, Writing


def test_errors_are_seen_where_a_picture_is_smooth() -> None:
    rng = np.random.default_rng(0)
    planes = np.full((3, 64, 128), 128, np.float32)
    planes[:, :, 64:] += rng.normal(0, 40, (3, 64, 64)).astype(np.float32)
    error = rng.normal(0, 3, planes.shape).astype(np.float32)
    seen = Visibility(planes)(error)
    assert seen.shape == (4, 8)
    assert seen[:, :3].min() > 4 * seen[:, 5:].max()
    broad = np.repeat(np.repeat(error[:, ::16, ::16], 16, axis=1), 16, axis=2)
    size = np.square(error).mean() / np.square(broad).mean()
    assert (size * Visibility(planes)(broad)).sum() > 3 * seen.sum()  # coarse scales count more


def test_small_errors_are_ranked_as_by_ms_ssim() -> None:
    metrics = pytest.importorskip("latentpress.metrics")
    pytest.importorskip("scipy")
    rng = np.random.default_rng(1)
    planes = 128 + 50 * np.sin(np.arange(192) / np.geomspace(2, 40, 176)[:, None])[None].repeat(3, axis=0)
    planes = planes.astype(np.float32)
    visibility = Visibility(planes)
    pairs = []
    for rows in (slice(0, 48), slice(64, 112), slice(128, 176)):
        error = np.zeros_like(planes)
        error[:, rows] = rng.normal(0, 4, error[:, rows].shape)
        value = metrics.ms_ssim(*(one.transpose(1, 2, 0).astype(float) for one in (planes, planes + error)), peak=255)
        pairs.append((visibility(error).sum(), 1 - value))
    assert sorted(pairs) == sorted(pairs, key=lambda pair: pair[1])


def test_places_stop_where_bits_buy_least() -> None:
    rng = np.random.default_rng(2)
    worth = np.ones((6, 9))
    worth[:, :4] = 40
    errors = worth * 4.0 ** -np.arange(6)[:, None, None] * rng.uniform(0.9, 1.1, (6, 6, 9))
    bits = np.full((5, 6, 9), 10.0)
    found = stops(errors, bits, 3)
    assert found[:, :4].mean() > found[:, 4:].mean() + 1
    assert 10 * found.sum() == pytest.approx(10 * 3 * found.size, rel=0.15)
    assert stops(errors, bits, 5).min() == 5  # all of them, where all may be spent


@pytest.mark.parametrize("shape", [(1, 1), (1, 7), (20, 31)])
def test_maps_come_back(shape: tuple[int, int]) -> None:
    rows, columns = np.indices(shape)
    last = 3 + rows // 7 + columns // 9
    port, price = Writing(), Pricing()
    for one in (port, price):
        places = Places(shape)
        assert all(np.array_equal(places.layer(one, last > n), last > n) for n in range(10))
    reading, places = Reading(port.finish()), Places(shape)
    assert all(np.array_equal(places.layer(reading, None), last > n) for n in range(10))
    reading.finish()
    if shape == (20, 31):
        assert price.total < 0.4 * np.minimum(last + 1, 10).sum()
