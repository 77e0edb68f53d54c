"""Benchmarks: tables come from the JSON and from nothing else; results appear whole."""

from __future__ import annotations

import importlib.util
import json
import sys
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from PIL import Image

FOLDER = Path(__file__).parents[2] / "benchmarks"


def load(name: str) -> ModuleType:
    """A script of the benchmarks as a module; the folder is no package."""
    spec = importlib.util.spec_from_file_location(f"benchmark_{name}", FOLDER / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


tables = load("tables")
common = load("common")


@pytest.fixture
def kodak() -> dict[str, Any]:
    """A summary of ``latentpress bench`` with two levels of effort, the second half as large at equal quality."""

    def coder(factor: float, percent: float) -> dict[str, Any]:
        curve = [{"bpp": factor * bpp, "psnr": psnr} for bpp, psnr in ((0.2, 30.0), (0.4, 33.0), (0.8, 35.5))]
        return {"curve": curve, "bd_rate": {"psnr": {"of_mean_curve": percent}}}

    coders = {"hyperprior": coder(1, -40.0), "hyperprior-effort-5": coder(0.5, -70.04), "jpeg-420": coder(2, 0)}
    run = {"pictures": {"a": {}, "b": {}}, "date": "2030-01-02T03:04:05+00:00"}
    return {"run": run, "anchor": "jpeg-420", "coders": coders}


@pytest.fixture
def speed() -> dict[str, Any]:
    return {
        "date": "2030-01-02T03:04:05+00:00",
        "machine": {"cpu": "Some CPU", "cores": 2},
        "width": 768,
        "height": 512,
        "quality": 50.0,
        "warm": [{"threads": n, "encode_s": 0.2 / n, "decode_s": 0.16 / n} for n in (1, 2)],
        "beside": {"jxl": {"encode_s": 0.09, "decode_s": 0.02}},
        "cold": {
            "compress": {"wall_s": 0.7, "peak_mib": 212.4},
            "decompress": {"wall_s": 0.65, "peak_mib": 198.6},
        },
    }


def cells(line: str) -> list[str]:
    return [cell.strip() for cell in line.strip("|").split("|")]


def test_effort_table(kodak: dict[str, Any]) -> None:
    head, rule, first, fifth, blank, note = tables.effort_table(kodak).splitlines()
    assert len({len(cells(line)) for line in (head, rule, first, fifth)}) == 1
    assert cells(first) == ["1", "0", "-40.0 %"]
    assert cells(fifth) == ["5", "-50.0 %", "-70.0 %"]
    assert blank == ""
    assert "2 pictures" in note


def test_speed_table(speed: dict[str, Any]) -> None:
    lines = tables.speed_table(speed).splitlines()
    assert cells(lines[2]) == ["in process, 1 thread", "200 ms", "160 ms", ""]
    assert cells(lines[3]) == ["in process, 2 threads", "100 ms", "80 ms", ""]
    assert cells(lines[4]) == ["JPEG XL, in process", "90 ms", "20 ms", ""]
    assert cells(lines[5]) == ["command line, from cold", "700 ms", "650 ms", "212 / 199 MiB"]
    assert "768x512" in lines[-1]


def test_fill_replaces_what_stands_between_the_markers(
    kodak: dict[str, Any], speed: dict[str, Any], tmp_path: Path
) -> None:
    (tmp_path / "bench" / "effort").mkdir(parents=True)
    (tmp_path / "bench" / "effort" / "summary.json").write_text(json.dumps(kodak))
    (tmp_path / "speed.json").write_text(json.dumps(speed))
    text = "Before.\n<!-- table: effort -->\noutdated\n<!-- end of table -->\nBetween.\n"
    text += "<!-- table: speed -->\n<!-- end of table -->\nAfter.\n"
    filled = tables.fill(text, tmp_path)
    assert filled.startswith("Before.\n<!-- table: effort -->\n| `--effort` |")
    assert "outdated" not in filled
    assert "<!-- end of table -->\nBetween.\n<!-- table: speed -->\n|  | encode |" in filled
    assert filled.endswith("<!-- end of table -->\nAfter.\n")
    assert tables.fill(filled, tmp_path) == filled
    assert tables.fill("no table here", tmp_path) == "no table here"


def test_fill_says_what_is_missing(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match=r"speed\.json is missing: run benchmarks/speed\.py"):
        tables.fill("<!-- table: speed -->\n<!-- end of table -->", tmp_path)
    with pytest.raises(SystemExit, match="there is no table 'other'"):
        tables.fill("<!-- table: other -->\n<!-- end of table -->", tmp_path)


def test_check_changes_nothing(speed: dict[str, Any], tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readme = tmp_path / "README.md"
    readme.write_text("<!-- table: speed -->\n<!-- end of table -->\n")
    (tmp_path / "speed.json").write_text(json.dumps(speed))
    command = ["tables.py", "--pages", str(readme), "--results", str(tmp_path)]
    monkeypatch.setattr(sys, "argv", [*command, "--check"])
    with pytest.raises(SystemExit, match="out of date"):
        tables.main()
    assert readme.read_text() == "<!-- table: speed -->\n<!-- end of table -->\n"
    monkeypatch.setattr(sys, "argv", command)
    tables.main()
    assert "200 ms" in readme.read_text()
    monkeypatch.setattr(sys, "argv", [*command, "--check"])
    tables.main()  # agrees now


def test_pictures_are_lossless_originals_by_name(tmp_path: Path) -> None:
    with pytest.raises(SystemExit, match="holds no pictures"):
        common.pictures(tmp_path)
    for name in ("b.png", "a.PNG", "c.jpg", "notes.txt"):
        Image.new("L", (4, 3), 200).save(tmp_path / name, "PNG")
    assert [path.name for path in common.pictures(tmp_path)] == ["a.PNG", "b.png"]
    picture = common.read_rgb(tmp_path / "b.png")
    assert (picture.mode, picture.size) == ("RGB", (4, 3))


def test_result_tells_where_it_was_made_and_appears_whole(tmp_path: Path) -> None:
    result = common.circumstances()
    assert result["machine"]["cpu"]
    assert result["machine"]["cores"] >= 1
    assert result["versions"]["numpy"] == np.__version__
    assert result["date"].endswith("+00:00")
    path = tmp_path / "new" / "result.json"
    common.write_json(path, result)
    assert json.loads(path.read_text()) == result
    with pytest.raises(TypeError):
        common.write_json(path, {"no": object()})
    assert json.loads(path.read_text()) == result
    assert [entry.name for entry in path.parent.iterdir()] == ["result.json"]


def test_committed_pages_agree_with_the_committed_results(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "argv", ["tables.py", "--check"])
    tables.main()
