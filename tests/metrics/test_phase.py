"""Phase congruency against what it must obey, and its noise threshold against a computation in space."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest

from latentpress.metrics import phase
from latentpress.metrics.phase import phase_congruency


def test_an_edge_is_where_waves_agree() -> None:
    plane = np.full((64, 80), 60.0)
    plane[:, 40:] = 190.0
    found = phase_congruency(plane)
    assert found.min() >= 0
    assert found.max() <= 1
    assert set(found[10:-10, 10:-10].argmax(axis=1) + 10) <= {39, 40}
    assert found[32, 39] > 0.8
    assert found[32, 29] < 0.2


def test_contrast_and_level_hardly_matter(scene: Callable[..., np.ndarray]) -> None:
    plane = scene(64, 72, 1)[..., 0].astype(np.float64)
    assert phase_congruency(plane * 0.4 + 30) == pytest.approx(phase_congruency(plane), abs=1e-3)


def test_turning_the_picture_turns_the_map(scene: Callable[..., np.ndarray]) -> None:
    """Up to the highest frequency, which has no mirror image in an even number of samples."""
    plane = scene(65, 73, 1)[..., 0].astype(np.float64)
    assert phase_congruency(plane[::-1, ::-1]) == pytest.approx(phase_congruency(plane)[::-1, ::-1], abs=1e-9)
    assert phase_congruency(plane.T) == pytest.approx(phase_congruency(plane).T, abs=1e-9)


def test_a_flat_plane_has_none() -> None:
    assert not phase_congruency(np.full((50, 51), 77.0)).any()


@pytest.mark.parametrize("shape", [(32, 40), (33, 41), (32, 41)])
def test_the_noise_threshold_in_space(shape: tuple[int, int], scene: Callable[..., np.ndarray]) -> None:
    """Kovesi's sums over the filters' impulse responses, which we take over frequencies instead."""
    finest = np.random.default_rng(3).uniform(1, 9, shape)
    for bank in phase._filters(*shape):
        even = np.fft.ifft2(bank).real * math.sqrt(shape[0] * shape[1])
        squares = sum(np.sum(e * e) for e in even)
        products = sum(np.sum(even[i] * even[j]) for i in range(len(even)) for j in range(i + 1, len(even)))
        power = np.median(finest**2) / math.log(2) / np.sum(bank[0] ** 2)
        tau = math.sqrt((2 * power * squares + 4 * power * products) / 2)
        threshold = (tau * math.sqrt(math.pi / 2) + 2 * math.sqrt((2 - math.pi / 2) * tau**2)) / 1.7
        assert phase._noise(finest, bank) == pytest.approx(threshold, rel=1e-10)
