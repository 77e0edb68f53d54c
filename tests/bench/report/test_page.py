"""The file: whole, closed, safe, and no larger than it may be."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from latentpress.bench.report import Entry, Target, asset, measure_coded, script_hash, write_comparison, write_report
from latentpress.bench.results import Point, Run, in_order
from latentpress.bench.summary import summarise
from latentpress.errors import InvalidInputError, LimitError

from .conftest import TARGETS, Bench


class _Elements(HTMLParser):
    """All elements of a page, with their attributes."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.found: list[tuple[str, dict[str, str | None]]] = []
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.found.append((tag, dict(attrs)))


def data_of(path: Path) -> dict[str, Any]:
    """The numbers in a page."""
    text = path.read_text(encoding="utf-8")
    return json.loads(re.search(r'<script type="application/json" id="data">(.*?)</script>', text, re.S)[1])


def test_names_stay_names(report: Path, bench: Bench) -> None:
    text = report.read_text(encoding="utf-8")
    elements = _Elements(text).found
    assert not [tag for tag, _ in elements if tag in ("img", "b", "link", "iframe", "object", "base")]
    assert not [attributes for _, attributes in elements if any(name in ("src", "onerror") for name in attributes)]
    assert "<title>Image coders on a &lt;b&gt;set&lt;/b&gt;</title>" in text
    data = data_of(report)
    assert [picture["name"] for picture in data["pictures"]] == list(bench.pictures)
    assert data["dataset"] == "a <b>set</b>"


def test_nothing_but_its_own_scripts_may_run(report: Path) -> None:
    text = report.read_text(encoding="utf-8")
    policy = next(a["content"] for tag, a in _Elements(text).found if a.get("http-equiv") == "Content-Security-Policy")
    assert policy.startswith("default-src 'none';")
    assert "unsafe" not in policy
    script = re.findall(r"<script>(.*?)</script>", text, re.S)
    style = re.findall(r"<style>(.*?)</style>", text, re.S)
    assert len(script) == len(style) == 1
    assert f"'{script_hash(script[0])}'" in policy
    assert f"'{script_hash(style[0])}'" in policy


def test_every_picture_is_there_once(report: Path) -> None:
    ids = [a["id"] for tag, a in _Elements(report.read_text(encoding="utf-8")).found if "data-type" in a]
    assert len(ids) == len(set(ids))
    used = set()
    for picture in data_of(report)["pictures"]:
        used.add(picture["original"]["image"])
        for shown in picture["shown"].values():
            assert set(shown) == {"jpeg-420", "jpeg2000"}  # a lossless coder shows the original
            used |= {entry["image"] for entry in shown.values()}
            assert shown["jpeg-420"]["native"]
            assert not shown["jpeg2000"]["native"]
    assert used == set(ids)


def test_tables_hold_the_summary(report: Path, bench: Bench) -> None:
    data = data_of(report)
    rows = {row["coder"]: row for row in data["table"]}
    expected = bench.summary["coders"]["jpeg2000"]["bd_rate"]["ms-ssim-db"]["mean_of_pictures"]
    assert rows["jpeg2000"]["bd"]["ms-ssim-db"]["pictures"] == pytest.approx(expected, rel=1e-5)
    assert rows["png"]["bpp"] == pytest.approx(bench.summary["coders"]["png"]["mean_bpp"], rel=1e-5)
    assert [len(curve) for curve in data["curves"]["first"].values()] == [4, 4]
    assert [metric["id"] for metric in data["metrics"]] == ["psnr", "ms-ssim-db"]


def test_a_small_budget_costs_quality_then_pictures(bench: Bench, report: Path, tmp_path: Path) -> None:
    def worst(path: Path) -> list[float]:
        found = [picture["original"]["embedded_psnr"] for picture in data_of(path)["pictures"]]
        return [value for value in found if value is not None]

    page = tmp_path / "page.html"
    targets = (Target("bpp", 0.5),)
    assert worst(report) == []  # all exact
    for budget, pictures in ((135_000, 2), (100_000, 1), (75_000, 0)):
        write_report(bench.run, bench.summary, bench.pictures, page, targets=targets, max_bytes=budget)
        data = data_of(page)
        assert page.stat().st_size <= budget
        assert len(data["pictures"]) == pictures
        assert len(data["left_out"]) == 2 - pictures
        assert len(worst(page)) == pictures


def test_a_budget_is_used(bench: Bench, tmp_path: Path) -> None:
    """With many pictures the quality is found on a few."""
    names = [f"picture {number}" for number in range(8)]
    header = replace(bench.run.header, pictures=dict.fromkeys(names, bench.run.header.pictures["first"]))
    points = [replace(point, picture=name) for name in names for point in bench.run.points if point.picture == "first"]
    run = Run(header, in_order(header, points))
    page = tmp_path / "page.html"
    pictures = dict.fromkeys(names, bench.pictures["first"])
    for budget in (500_000, 350_000):
        write_report(run, summarise(run), pictures, page, targets=(Target("bpp", 0.5),), max_bytes=budget)
        assert 0.75 * budget < page.stat().st_size <= budget
        assert len(data_of(page)["pictures"]) == 8


def test_what_failed_is_told(bench: Bench, tmp_path: Path) -> None:
    broken = Point("jpeg-420", "first", 90.0, error="no <luck>")
    points = tuple(broken if point.key == broken.key else point for point in bench.run.points)
    run = replace(bench.run, points=points)
    page = tmp_path / "page.html"
    write_report(run, bench.summary, {"first": bench.pictures["first"]}, page, targets=(Target("bpp", 0.5),))
    data = data_of(page)
    assert [error["error"] for error in data["errors"]] == ["no <luck>"]
    assert len(data["curves"]["first"]["jpeg-420"]) == 3
    assert [picture["name"] for picture in data["pictures"]] == ["first"]


def test_several_processes_write_the_same_page(bench: Bench, report: Path, tmp_path: Path) -> None:
    seen: list[tuple[int, int]] = []
    page = tmp_path / "page.html"
    write_report(
        bench.run, bench.summary, bench.pictures, page, targets=TARGETS, jobs=2, progress=lambda *at: seen.append(at)
    )
    assert page.read_bytes() == report.read_bytes()
    assert seen == [(1, 2), (2, 2)]


def test_comparisons(original: NDArray[np.uint8], tmp_path: Path) -> None:
    dark = original // 2
    first = Entry("a.png", measure_coded(original, b"x" * 1000, original))
    second = Entry("b.png", measure_coded(original, b"x" * 500, dark), note="<darker>")
    page = tmp_path / "page.html"
    write_comparison(first, [second], page)
    data = data_of(page)
    numbers = data["pictures"][0]["shown"]["as given"]["b.png"]
    assert numbers["bytes"] == 500
    assert numbers["embedded_psnr"] is None
    assert data["pictures"][0]["original"]["bytes"] == 1000
    for wrong in ([], [second, second], [replace(second, name="a.png")]):
        with pytest.raises(InvalidInputError):
            write_comparison(first, wrong, page)
    small = Entry("c.png", measure_coded(dark[:8], b"x", dark[:8]))
    with pytest.raises(InvalidInputError, match="one size"):
        write_comparison(first, [small], page)
    noise = np.random.default_rng(1).integers(0, 256, (300, 300, 3), np.uint8)
    loud = Entry("noise", measure_coded(noise, b"x", noise))
    with pytest.raises(LimitError, match="do not fit into 2,000 bytes"):
        write_comparison(loud, [replace(loud, name="other")], tmp_path / "none.html", max_bytes=2000)
    assert not (tmp_path / "none.html").exists()


def test_the_slider_stands_on_its_own() -> None:
    assert "LatentPress.slider = function" in asset("slider.js")
    used = set(re.findall(r"LatentPress\.(\w+)", asset("slider.js")))
    assert used == {"slider"}
