"""The tables of the first survey: what was printed, and what is measured."""

from __future__ import annotations

import math
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image

pytest.importorskip("scipy")

from latentpress.errors import InvalidInputError
from latentpress.studies import Request, s1_table1, to_html, to_markdown
from latentpress.studies.s1_printed import PRINTED, correlation, printed
from latentpress.studies.s1_table1 import PICTURES, Row, check_row, jpeg_near

MACAWS = Path(__file__).parents[2] / "examples" / "macaws.png"


@pytest.fixture
def photo() -> NDArray[np.uint8]:
    with Image.open(MACAWS) as picture:
        return np.asarray(picture.convert("RGB"))[96:288, 128:320].copy()


def test_what_was_printed_contradicts_itself() -> None:
    ae, cnn = ([row for row in PRINTED if row.method == method] for method in ("AE", "CNN"))
    assert len(ae) == len(cnn) == len(PICTURES) == 6
    assert [row.picture for row in ae] == list(PICTURES)
    assert correlation(ae) == pytest.approx(0.26, abs=0.01)
    assert correlation(cnn) == pytest.approx(-0.995, abs=0.001)
    assert min(ae, key=lambda row: row.rmse) == min(ae, key=lambda row: row.psnr)
    for row in PRINTED:
        assert abs(row.psnr_of_rmse - row.psnr) > 3
        assert abs(row.equation_5 - row.psnr) > 8
    lighthouse = printed("AE", "Lighthouse")
    assert lighthouse.psnr_of_rmse == pytest.approx(94.15, abs=0.01)
    assert lighthouse.equation_5 == pytest.approx(71.14, abs=0.01)
    assert lighthouse.rmse_of_psnr == pytest.approx(0.595, abs=0.001)


def test_a_row_is_checked() -> None:
    row = Row("JPEG", "Office", 0.3, 0.31, 6, 20 * math.log10(255 / 5), 5.0, 0.9, 0.95, 41.0)
    assert check_row(row) is row
    with pytest.raises(ArithmeticError, match="contradict"):
        check_row(replace(row, psnr=row.psnr + 0.01))


@pytest.mark.parametrize("rate", [0.01, 0.5, 1.5, 50.0])
def test_the_nearest_jpeg(rate: float, photo: NDArray[np.uint8]) -> None:
    data, quality = jpeg_near(photo, rate)

    def miss(quality: int) -> float:
        return abs(math.log(8 * len(s1_table1._jpeg(photo, quality)) / photo[..., 0].size / rate))

    assert data == s1_table1._jpeg(photo, quality)
    assert miss(quality) <= min(miss(q) for q in range(1, 96)) + 1e-9


def test_the_study(photo: NDArray[np.uint8], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """On one small picture under all six names, at one rate."""
    for name, _ in PICTURES.values():
        Image.fromarray(photo).save(tmp_path / f"{name}.png")
    monkeypatch.setattr(s1_table1, "PICTURES", {"Office": PICTURES["Office"]})
    monkeypatch.setattr(s1_table1, "RATES", (0.75,))
    monkeypatch.setattr(s1_table1, "_CODECS", ("hyperprior", "not-there"))
    lines: list[str] = []
    result = s1_table1.run(Request([tmp_path], say=lines.append))
    rows = result.data["rows"]
    assert [row["system"] for row in rows] == ["JPEG", "JPEG + restore", "hyperprior"]
    assert list(result.data["missing"]) == ["not-there"]
    assert rows[0]["bpp"] == rows[1]["bpp"] == pytest.approx(rows[2]["bpp"], rel=0.021)
    assert rows[0]["psnr"] < rows[1]["psnr"] < rows[2]["psnr"]
    for row in rows:
        assert row["psnr"] == pytest.approx(20 * math.log10(255 / row["rmse"]))
        assert row["equation_5"] == pytest.approx(row["psnr"] + 10 * math.log10(row["rmse"]))
    assert result.data["lossless_bpp"]["Office"]["mlp-lossless"] < result.data["lossless_bpp"]["Office"]["png"]
    assert len(lines) == 1
    assert "Left out: not-there" in to_markdown(result)
    assert "28.89" in to_html(result)


def test_pictures_have_to_be_there(tmp_path: Path) -> None:
    with pytest.raises(InvalidInputError, match="one --data folder"):
        s1_table1.run(Request([tmp_path, tmp_path]))
    Image.fromarray(np.zeros((8, 8, 3), np.uint8)).save(tmp_path / "kodim19.png")
    with pytest.raises(InvalidInputError, match=r"lacks kodim23\.png"):
        s1_table1.run(Request([tmp_path]))
