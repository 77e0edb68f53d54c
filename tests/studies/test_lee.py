"""The filter that a network for scans is measured against."""

from __future__ import annotations

import numpy as np
import pytest

from latentpress.studies.lee import despeckled, speckle_of


def test_speckle_is_measured_and_smoothed() -> None:
    rng = np.random.default_rng(2)
    clean = np.where(np.arange(120)[:, None] < 60, 40.0, 160.0) * np.ones(150)
    seen = clean * rng.gamma(25, 1 / 25, clean.shape)
    assert speckle_of(seen) == pytest.approx(0.2, rel=0.25)
    before, after = (np.sqrt(np.mean(np.square(one - clean))) for one in (seen, despeckled(seen)))
    assert after < 0.5 * before
    assert despeckled(seen)[57].mean() < 70  # the border stays where it was
    assert np.array_equal(despeckled(np.full((20, 20), 7.0)), np.full((20, 20), 7.0))
