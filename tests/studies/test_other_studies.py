"""The studies of pre-training and of lossless coders, on small pictures."""

from __future__ import annotations

import dataclasses
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

pytest.importorskip("scipy")

from latentpress.errors import InvalidInputError
from latentpress.studies import Request, get_study, s0_table1, s2_table1, s3_table1, s3_table3, to_markdown
from latentpress.studies.survey_rows import Row, measure_rows


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
    coders = {"PNG": "png", "FLIF": "", "Nobody": "no-coder", "Ours": "webp-lossless"}
    monkeypatch.setattr(s2_table1, "TABLE", dataclasses.replace(s2_table1.TABLE, coders=coders))
    result = s2_table1.run(Request([tmp_path]))
    assert set(result.data["bpp"]) == {"PNG", "Ours"}
    assert len(result.data["bpp"]["PNG"]) == 18
    assert list(result.data["missing"]) == ["Nobody"]
    rows = {row[0]: row for row in result.tables[0].rows}
    assert rows["PNG"][2:6] == ("13.97", "12.98", "13.25", "+24.4 %")
    assert rows["FLIF"][2] == "11.59"
    assert rows["FLIF"][6] == ""
    measured = result.data["mean_bpp"]
    assert rows["PNG"][8] == f"{100 * (measured['PNG'] / measured['Ours'] - 1):+.1f} %"
    (tmp_path / "00.png").unlink()
    with pytest.raises(InvalidInputError, match="has 18"):
        s2_table1.run(Request([tmp_path]))


def test_rows_are_read_at_their_rate_and_compared_with_jpeg(tmp_path: Path) -> None:
    Image.fromarray(smooth(3, 192)).save(tmp_path / "one.png")
    rows = (
        Row("webp", ("x",), "webp", 0.5),
        Row("far", (), "webp", 90.0),
        Row("none", ()),
        Row("gone", (), "no-coder"),
    )
    said: list[str] = []
    data = measure_rows(rows, Request([tmp_path], say=said.append), "table")
    read, far, none, gone = (row["measured"] for row in data["rows"])
    assert none is None
    assert gone is None
    assert "no-coder" in data["missing"]
    assert far["at_rate"]["psnr"] is None
    assert read["at_rate"]["psnr"] > 20
    assert read["bd_rate_psnr"] < 0
    assert far["bd_rate_psnr"] == read["bd_rate_psnr"]
    with pytest.raises(InvalidInputError, match="one --data folder"):
        measure_rows(rows, Request([tmp_path, tmp_path]), "table")


@pytest.mark.parametrize("module", [s0_table1, s3_table1, s3_table3])
def test_tables_of_surveys_have_a_line_for_each_row(module: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    found = {"bd_rate_psnr": -12.34, "bd_rate_ms_ssim": None, "at_rate": {"psnr": 30.0, "ssim": 0.9, "ms-ssim": None},
             "jpeg_at_rate": {"psnr": 28.0}}  # fmt: skip
    rows = [asdict(row) | {"measured": found if row.coder else None} for row in module.ROWS]
    monkeypatch.setattr(module, "measure_rows", lambda *_: {"rows": rows, "pictures": ["one"]})
    result = module.run(Request())
    table = result.tables[0]
    assert [len(row) for row in table.rows] == [len(table.columns)] * len(module.ROWS)
    assert sum("-12.3 %" in row for row in table.rows) == sum(bool(row.coder) for row in module.ROWS)


def test_the_sets_of_the_survey_are_those_that_folders_are_checked_by() -> None:
    result = get_study("s3-table2").run(Request())
    rows = {row[0]: row for row in result.tables[0].rows}
    assert rows["Kodak (in the text)"][3] == "--set kodak"
    assert "misprint" in rows["Kodak (in the text)"][2]
    assert len(rows) == 11
