"""Plots: the files, what stands in them, and the same bytes again."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("matplotlib")

from PIL import Image

from latentpress.bench.plots import write_plots


def coder(bd: float | None, seconds: float | None, shift: float = 0.0) -> dict[str, Any]:
    points = [(0.2, 30.0, 9.0), (0.5, 33.0, 12.0), (1.1, 36.0, 15.0), (9.0, 48.0, 25.0)]
    return {
        "lossless": False,
        "mean_bpp": None,
        "bd_rate": {} if bd is None else {metric: {"of_mean_curve": bd} for metric in ("psnr", "ms-ssim-db")},
        "curve": [
            {"quality": float(place), "bpp": bpp, "psnr": psnr + shift, "ms-ssim-db": db + shift}
            for place, (bpp, psnr, db) in enumerate(points)
        ],
        "encode_seconds": seconds,
        "decode_seconds": seconds,
    }


@pytest.fixture
def summary() -> dict[str, Any]:
    coders = {"jpeg-420": coder(0.0, 0.01), "ours": coder(-40.0, 0.3, 2.0), "none": coder(None, None, 1.0)}
    coders["same"] = coder(-40.0, 0.3, 2.1)
    coders["png"] = coder(None, 0.5) | {"lossless": True, "curve": []}
    return {
        "anchor": "jpeg-420",
        "run": {
            "dataset": "set & co",
            "pictures": {"a": {}, "b": {}},
            "coders": {id: {"versions": {"latentpress": "1"} if id == "ours" else {}} for id in coders},
        },
        "coders": coders,
        "published": [{"name": "Famous", "source": "s", "points": [[0.1, 29.0], [1.0, 38.0]], "bd_rate": None}],
    }


def test_plots_in_both_formats(summary: dict[str, Any], tmp_path: Path) -> None:
    written = write_plots(summary, tmp_path / "new")
    names = {f"{name}.{format}" for name in ("rd-psnr", "rd-ms-ssim", "bd-time") for format in ("png", "svg")}
    assert {path.name for path in written} == names == {path.name for path in (tmp_path / "new").iterdir()}
    for path in written:
        if path.suffix == ".png":
            with Image.open(path) as picture:
                assert min(picture.size) > 600
                assert len(picture.convert("RGB").getcolors(1 << 24)) > 10
    psnr = (tmp_path / "new" / "rd-psnr.svg").read_text()
    for text in ("ours (-40.0 %)", "jpeg-420", "none", "Famous, published", "set &amp; co: 2 pictures", "0.5"):
        assert text in psnr
    assert "png" not in psnr
    assert "Famous" not in (tmp_path / "new" / "rd-ms-ssim.svg").read_text()
    scatter = (tmp_path / "new" / "bd-time.svg").read_text()
    for text in ("ours", "same", "against jpeg-420", "decoding"):
        assert text in scatter
    assert "none" not in scatter.replace("fill: none", "").replace('"none"', "")


def test_the_same_numbers_give_the_same_bytes(summary: dict[str, Any], tmp_path: Path) -> None:
    first = {path.name: path.read_bytes() for path in write_plots(summary, tmp_path / "1")}
    second = {path.name: path.read_bytes() for path in write_plots(summary, tmp_path / "2")}
    assert first == second
    assert all(b"<dc:date>" not in data for data in first.values())


def test_a_plot_without_numbers_is_left_out(summary: dict[str, Any], tmp_path: Path) -> None:
    for found in summary["coders"].values():
        found["encode_seconds"] = None
        found["curve"] = [{key: value for key, value in p.items() if key != "ms-ssim-db"} for p in found["curve"]]
    assert {path.stem for path in write_plots(summary, tmp_path)} == {"rd-psnr"}
    summary["coders"] = {"png": summary["coders"]["png"]}
    assert write_plots(summary, tmp_path) == []
