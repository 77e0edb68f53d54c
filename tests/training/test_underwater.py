"""Photographs put under water."""

from __future__ import annotations

import numpy as np

from latentpress.training.underwater import CLEAR, Water, random_water, under_water


def test_water_takes_red_first_and_contrast_with_distance() -> None:
    white = under_water(np.full((90, 60, 3), 255, np.uint8)).astype(int)
    assert (white[..., 0] < white[..., 1]).all()
    assert white[-1, 30, 0] > white[0, 30, 0] + 40  # the foot is near
    checks = np.where(np.indices((90, 60)).sum(axis=0) // 6 % 2, 220, 30)[..., None].repeat(3, 2).astype(np.uint8)
    seen = under_water(checks)
    assert seen[60:].std() > 1.2 * seen[:30].std()


def test_no_way_through_water_leaves_a_photograph_as_it_is() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)
    seen = under_water(picture, Water((0.0, 0.0, 0.0), CLEAR.scattered, 0.01, 0.02, 0.1))
    assert (seen == picture).all()


def test_waters_differ_and_are_the_same_for_the_same_numbers() -> None:
    picture = np.random.default_rng(0).integers(0, 256, (64, 64, 3), np.uint8)
    seen = [under_water(picture, random_water(np.random.default_rng(seed))) for seed in (1, 1, 2, 3)]
    assert (seen[0] == seen[1]).all()
    means = np.array([one.mean(axis=(0, 1)) for one in seen[1:]])
    assert np.ptp(means, axis=0).min() > 1
    assert (means[:, 0] < means[:, 1]).all()  # red goes first


def test_all_random_water_is_water() -> None:
    for seed in range(200):
        water = random_water(np.random.default_rng(seed))
        assert 0 < water.near < water.far < 9
        assert all(0 <= one <= 1 for one in (*water.absorbed, *water.scattered))
