"""The study of contexts by a network, small."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

pytest.importorskip("torch")
pytest.importorskip("scipy")

from latentpress.models import find_model
from latentpress.studies import Request, Result, li_2019


def textured(seed: int) -> NDArray[np.uint8]:
    rng = np.random.default_rng(seed)
    walk = np.cumsum(np.cumsum(rng.normal(size=(64, 64, 3)), 0), 1)
    picture: NDArray[np.uint8] = np.clip(128 + 40 * walk / walk.std() + 6 * rng.normal(size=walk.shape), 0, 255).astype(
        np.uint8
    )
    return picture


def test_a_network_learns_what_is_significant() -> None:
    result = li_2019.study([textured(seed) for seed in range(4)], [textured(9)], 150, Request())
    bpp = result.data["bpp"]
    assert len(bpp["rules"]) == 20
    assert (np.diff(bpp["network"]) > 0).all()
    assert bpp["network"][12] < 1.02 * bpp["rules"][12]  # a small picture leaves rules little to adapt to
    significance = result.data["significance_bpp"]
    others = [np.subtract(bpp[name], significance[name]) for name in ("rules", "network")]
    assert np.allclose(*others)  # nothing but the contexts of single coefficients differs
    assert max(result.data["largest_partial_sums"].values()) < 2**24


def test_files_of_both_codecs_are_compared() -> None:
    try:
        find_model("filter-bank")
    except Exception:
        pytest.skip("the zoo is not installed")
    result = li_2019.with_files(Result("li-2019", "", [], [], []), [textured(9)], Request())
    assert [len(points) for points in result.data["files"]["points"].values()] == [6, 6]
    assert -100 < result.data["files"]["bd_rate"] < 100
    assert len(result.tables[0].rows) == 6
