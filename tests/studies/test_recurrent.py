"""Studies of the recurrent family, with networks of a few channels and a step of training."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch")
pytest.importorskip("onnx")
pytest.importorskip("scipy")

from latentpress.image import Image
from latentpress.parts.progressive import Sizes
from latentpress.studies import bit_planes, recurrent
from latentpress.studies.base import Request
from latentpress.training.data import load_pictures

SMALL = {"channels": 8, "hidden": 2, "layers": 5}


@pytest.mark.parametrize("name", ["islam-2021", "toderici-2015"])
def test_variants_are_trained_and_measured(name: str, folder: Path, photograph: Image) -> None:
    pictures = [photograph.pixels[:176, :192]] * 2
    result = recurrent.study(name, Request(data=[folder]), pictures, 1, SMALL)
    experiment = recurrent.EXPERIMENTS[name]
    rows = {row[0]: row[1:] for row in result.tables[0].rows}
    assert set(experiment.trials) <= set(rows)
    assert result.data["pictures"] == 1
    for row in experiment.trials:
        curve = result.data["curves"][row]
        assert len(curve["bpp"]) == SMALL["layers"]
        assert curve["bpp"] == sorted(curve["bpp"])
        assert curve["psnr"][-1] > curve["psnr"][0]
        assert result.data["figures"][row]["AUC psnr"] > 0
    assert all(len(row) == len(result.tables[0].columns) - 1 for row in rows.values())


def test_areas_go_on_flat_where_a_file_ends() -> None:
    assert recurrent._area([0.5, 1.0], [10.0, 10.5], 0.5, 2.0) == pytest.approx(5.125 + 10.5, abs=0.05)
    assert recurrent._area([0.5, 1.0], [10.0, 10.5], 0.4, 2.0) is None
    points = {"bpp": [0.1, 0.2, 0.3, 0.4], "psnr": [20.0, 25.0, 24.0, 26.0]}
    assert recurrent._rising(points, "psnr") == ([0.1, 0.2, 0.4], [20.0, 25.0, 26.0])


def test_bit_planes_are_priced_by_both_coders(folder: Path, photograph: Image) -> None:
    sizes = Sizes(layers=2, channels=8, hidden=2, signs=8)
    result = bit_planes.study(load_pictures([folder], 64), [photograph.pixels[:128, :128]], sizes, 3, Request())
    assert result.data["raw_bpp_a_layer"] == 8 / 256
    for name in ("adaptive", "network"):
        assert np.all(np.diff(result.data["bpp"][name]) > 0)
    assert max(result.data["largest_partial_sums"].values()) < 2**24
