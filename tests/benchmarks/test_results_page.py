"""docs/results.md: it is made of the committed JSON alone, and agrees with it."""

from __future__ import annotations

import copy
import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

FOLDER = Path(__file__).parents[2] / "benchmarks"


def load(name: str) -> ModuleType:
    """A script of the benchmarks as a module; the folder is no package."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


results_page = load("results_page")


def lossy(percent: float | None, warnings: list[str]) -> dict[str, Any]:
    curve = [(0.2, 30.0), (0.8, 34.0)]
    bd = {"of_mean_curve": percent, "mean_of_pictures": percent, "overlap": [30.0, 34.0], "warnings": warnings}
    return {
        "lossless": False, "pictures": 2, "mean_bpp": None,
        "bd_rate": {"psnr": bd, "ms-ssim-db": bd | {"warnings": []}},
        "curve": [{"quality": 1.0, "bpp": bpp, "psnr": psnr} for bpp, psnr in curve],
        "encode_seconds": 0.1234, "decode_seconds": 0.05, "encode_peak_mb": 50.4, "decode_peak_mb": 60.0,
    }  # fmt: skip


def lossless(bpp: float | None) -> dict[str, Any]:
    times = dict.fromkeys(("encode_seconds", "decode_seconds", "encode_peak_mb", "decode_peak_mb"))
    return {"lossless": True, "pictures": 0 if bpp is None else 2, "mean_bpp": bpp, "bd_rate": {}, "curve": [], **times}


def coder(lossless: bool, settings: dict[str, Any], versions: dict[str, str]) -> dict[str, Any]:
    common = {"lossless": lossless, "quality": "none", "threads": 1}
    return {
        "settings": common | settings, "versions": versions, "lossless": lossless, "quality_name": "step",
        "qualities": [5.0, 20.5],
    }  # fmt: skip


@pytest.fixture
def summary() -> dict[str, Any]:
    run = {
        "date": "2030-01-02T03:04:05+00:00",
        "machine": {"cpu": "Some CPU", "cores": 2, "system": "Some system"},
        "versions": {"python": "3.11", "numpy": "2"},
        "pictures": {
            "a": {"width": 768, "height": 512, "channels": 3},
            "b": {"width": 512, "height": 768, "channels": 3},
        },
        "coders": {
            "jpeg-420": coder(False, {"options": {"optimize": True}}, {"pillow": "13"}),
            "ours": coder(False, {"codec": "Codec(a|b)"}, {"latentpress": "1"}),
            "png": coder(True, {}, {"pillow": "13"}),
            "small": coder(True, {}, {"lib": "1"}),
            "broken": coder(True, {}, {"lib": "1"}),
        },
        "missing": {"vvc": "install it"},
    }  # fmt: skip
    return {
        "anchor": "jpeg-420",
        "run": run,
        "timing": run | {"date": "2031-01-02T03:04:05+00:00"},
        "errors": {"broken": 2},
        "coders": {
            "jpeg-420": lossy(0.0, []), "ours": lossy(-41.26, ["mind this"]), "png": lossless(12.0),
            "small": lossless(9.0), "broken": lossless(None),
        },
        "published": [
            {
                "name": "Famous", "source": "a book", "points": [],
                "bd_rate": {"of_mean_curve": -63.1, "overlap": [28.5, 38.0], "warnings": []},
            }
        ],
    }  # fmt: skip


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split(" | ")]


def rows(text: str, heading: str) -> list[list[str]]:
    """The lines of the first table below a heading, without its head."""
    below = text.split(f"### {heading}\n", 1)[1].splitlines()
    table = below[next(place for place, line in enumerate(below) if line.startswith("|")) :]
    end = next((place for place, line in enumerate(table) if not line.startswith("|")), len(table))
    assert len({len(cells(line)) for line in table[:end]}) == 1
    return [cells(line) for line in table[2:end]]


def write(folder: Path, **summaries: dict[str, Any]) -> Path:
    for name, summary in summaries.items():
        (folder / name).mkdir()
        (folder / name / "summary.json").write_text(json.dumps(summary))
    return folder


def test_lossy_table(summary: dict[str, Any], tmp_path: Path) -> None:
    text = results_page.page(write(tmp_path, kodak=summary))
    ours, jpeg = rows(text, "Lossy, against jpeg-420")
    # 0.25 and 0.5 bpp lie between the points, in log(rate); 1 outside
    expected = [f"{30 + 4 * np.log(rate / 0.2) / np.log(4):.2f}" for rate in (0.25, 0.5)]
    percents = ["-41.3 %*", "-41.3 %", "-41.3 %", "-41.3 %"]
    assert ours == ["**`ours`**", *percents, *expected, "-", "0.123", "0.050", "50 / 60"]
    assert jpeg[:2] == ["`jpeg-420`", "+0.0 %"]
    assert "- `ours`, PSNR: mind this\n" in text
    assert rows(text, "Published figures") == [["Famous", "-63.1 %", "28.5-38.0", "-", "a book"]]


def test_lossless_table(summary: dict[str, Any], tmp_path: Path) -> None:
    text = results_page.page(write(tmp_path, kodak=summary))
    small, png, broken = rows(text, "Lossless")
    assert small == ["`small`", "9.000", "3.000", "-25.0 %", "-", "-", "-"]
    assert png[:4] == ["`png`", "12.000", "4.000", "+0.0 %"]
    assert broken[:4] == ["`broken`", "-*", "-", "-"]
    assert "\n- `broken`: from 0 of 2 pictures\n" in text


def test_circumstances(summary: dict[str, Any], tmp_path: Path) -> None:
    text = results_page.page(write(tmp_path, kodak=summary))
    for part in (
        "2 pictures, 768x512.",
        "- Rates and metrics: Some CPU, 2 cores, Some system; 2030-01-02.",
        "- Times and memory: Some CPU, 2 cores, Some system; 2031-01-02; pictures: a, b.",
        "- Versions: python 3.11, numpy 2.",
        "- `broken`: 2 points failed.",
        "- Not measured: `vvc`: install it.",
    ):
        assert part in text
    settings = rows(text, "Circumstances")
    assert settings[0] == ["`jpeg-420`", "1", "step 5 20.5", "options (optimize yes)", "pillow 13"]
    assert settings[1][3] == r"codec Codec(a\|b)"
    assert settings[2][2] == "lossless"


def test_kodak_comes_first_and_the_page_does_not_depend_on_the_order_of_folders(
    summary: dict[str, Any], tmp_path: Path
) -> None:
    other = copy.deepcopy(summary)
    other["published"] = []
    other["timing"] = None
    for place, names in enumerate((("a", "kodak", "valid"), ("valid", "kodak", "a"))):
        (tmp_path / str(place)).mkdir()
        write(tmp_path / str(place), **{name: summary if name == "kodak" else other for name in names})
    text = results_page.page(tmp_path / "0")
    assert text == results_page.page(tmp_path / "1")
    assert [line for line in text.splitlines() if line.startswith("## ")] == [
        "## Kodak",
        "## a",
        "## CID22 validation part",
    ]
    assert text.endswith("|\n")


def test_no_results_are_told(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="run latentpress bench first"):
        results_page.page(tmp_path)


def test_check_changes_nothing(summary: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "results").mkdir()
    write(tmp_path / "results", kodak=summary)
    page = tmp_path / "results.md"
    command = ["results_page.py", "--results", str(tmp_path / "results"), "--page", str(page)]
    monkeypatch.setattr(sys, "argv", [*command, "--check"])
    with pytest.raises(SystemExit, match="out of date"):
        results_page.main()
    assert not page.exists()
    monkeypatch.setattr(sys, "argv", command)
    results_page.main()
    assert page.read_text() == results_page.page(tmp_path / "results")
    monkeypatch.setattr(sys, "argv", [*command, "--check"])
    with pytest.raises(SystemExit) as caught:
        results_page.main()
    assert caught.value.code == 0


@pytest.mark.skipif(not list(results_page.RESULTS.glob("*/summary.json")), reason="no results are committed yet")
def test_the_committed_page_is_that_of_the_committed_results() -> None:
    assert results_page.PAGE.read_text(encoding="utf-8") == results_page.page(results_page.RESULTS)
