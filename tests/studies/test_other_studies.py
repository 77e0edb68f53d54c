"""The studies of pre-training and of lossless coders, on small pictures."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy")

from latentpress.errors import InvalidInputError
from latentpress.studies import Request, s2_table1, to_markdown


def smooth(seed: int, side: int = 96) -> np.ndarray:
    walk = np.cumsum(np.cumsum(np.random.default_rng(seed).normal(size=(side, side, 3)), 0), 1)
    return np.clip(128 + 40 * walk / walk.std(), 0, 255).astype(np.uint8)


def test_pre_training() -> None:
    pytest.importorskip("torch")
    from latentpress.studies.dbm import STARTS, study
    from latentpress.training.plan import Plan

    plan = Plan.from_dict(
        {
            "codec": "dbm-autoencoder",
            "model": {"first": 16, "second": 12, "code": 6},
            "pretraining": {"rbm_steps": 5, "dbm_steps": 4},
            "schedule": {"steps": 8, "patches": 1000, "batch": 32},
        }
    )
    pictures = [smooth(seed) for seed in range(10)]
    result = study(plan, pictures, {"one": smooth(20)[:90, :61, 0]}, (0, 1), lambda _: None)
    outcomes = result.data["outcomes"]
    assert [(o["start"], o["seed"]) for o in outcomes] == [(start, seed) for seed in (0, 1) for start in STARTS]
    for outcome in outcomes:
        assert list(outcome["psnr"])[:5] == [0, 2, 4, 6, 8]
        assert max(outcome["psnr"]) == (18 if "longer" in outcome["start"] else 8)
        assert 0 < outcome["bpp"] < 8
        assert outcome["test_psnr"] > 10
    assert len(result.tables[0].rows) == len(STARTS) + 1
    assert "±" in to_markdown(result)
    with pytest.raises(InvalidInputError, match="at least 10 pictures"):
        study(plan, pictures[:9], {"one": smooth(20)[..., 0]}, (0,), lambda _: None)


def test_lossless_coders(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for number in range(18):
        Image.fromarray(smooth(number, 24)).save(tmp_path / f"{number:02d}.png")
    monkeypatch.setattr(s2_table1, "ROWS", {"PNG": "png", "FLIF": "", "Nobody": "no-coder", "Ours": "webp-lossless"})
    result = s2_table1.run(Request([tmp_path]))
    assert set(result.data["bpp"]) == {"PNG", "Ours"}
    assert len(result.data["bpp"]["PNG"]) == 18
    assert list(result.data["missing"]) == ["Nobody"]
    rows = {row[0]: row for row in result.tables[0].rows}
    assert rows["PNG"][2:4] == ("13.97", "+24.4 %")
    assert rows["FLIF"][2] == "11.59"
    assert rows["FLIF"][4] == ""
    measured = result.data["mean_bpp"]
    assert rows["PNG"][6] == f"{100 * (measured['PNG'] / measured['Ours'] - 1):+.1f} %"
    (tmp_path / "00.png").unlink()
    with pytest.raises(InvalidInputError, match="has 18"):
        s2_table1.run(Request([tmp_path]))
