"""`summarise`: BD-rates of known curves, what is left out and what is said about it, times."""

from __future__ import annotations

import dataclasses
import json
import math
from pathlib import Path
from typing import Any

import pytest

pytest.importorskip("scipy")

from latentpress.bench.results import CoderInfo, Header, PictureInfo, Point, Run, Time, Timing
from latentpress.bench.summary import choose_anchor, summarise, write_summary
from latentpress.errors import InvalidInputError
from latentpress.metrics import bd_rate, similarity_db

RATES = (0.1, 0.2, 0.4, 0.8, 1.6)
QUALITIES = (1.0, 2.0, 3.0, 4.0, 5.0)
PICTURES = ("a", "b")


def info(lossless: bool = False) -> CoderInfo:
    return CoderInfo({}, {"lib": "1"}, lossless, "quality", (1.0,) if lossless else QUALITIES)


def run_of(points: list[Point], **coders: CoderInfo) -> Run:
    pictures = {name: PictureInfo(1000, 500, 3, name) for name in PICTURES}
    return Run(Header("", {}, {}, "set", pictures, ("psnr", "ms-ssim"), coders), tuple(points))


def curve(id: str, factor: float, pictures: tuple[str, ...] = PICTURES, gain: float = 0.0) -> list[Point]:
    """6.02 dB for four times the bits, at ``factor`` times the base rate, more of it on picture b."""
    points = []
    for name in pictures:
        scale = factor * (2.0 if name == "b" else 1.0)
        for quality, rate in zip(QUALITIES, RATES, strict=True):
            psnr = 40 + 10 * math.log10(rate) / 2 + gain
            metrics = {"psnr": psnr, "ms-ssim": 1 - 0.01 / rate}
            points.append(Point(id, name, quality, 100, rate * scale, metrics))
    return points


def test_bd_rates_of_known_curves() -> None:
    run = run_of(curve("anchor", 1.0) + curve("half", 0.5), anchor=info(), half=info())
    summary = summarise(run, "anchor")
    for metric in ("psnr", "ms-ssim-db"):
        bd = summary["coders"]["half"]["bd_rate"][metric]
        assert bd["of_mean_curve"] == pytest.approx(-50, abs=1e-9)
        assert bd["mean_of_pictures"] == pytest.approx(-50, abs=1e-9)
        assert bd["per_picture"] == pytest.approx({"a": -50, "b": -50}, abs=1e-9)
        assert bd["warnings"] == []
        zero = summary["coders"]["anchor"]["bd_rate"][metric]
        assert zero["of_mean_curve"] == pytest.approx(0, abs=1e-12)
    assert summary["coders"]["half"]["bd_rate"]["psnr"]["overlap"] == [35, 40 + 5 * math.log10(1.6)]
    assert summary["anchor"] == "anchor"
    assert summary["published"] == []
    assert (summary["timing"], summary["errors"]) == (None, {})


def test_mean_curve_and_decibels_of_the_mean() -> None:
    points = curve("x", 1.0)
    points[5] = dataclasses.replace(points[5], metrics={"psnr": 20.0, "ms-ssim": 0.5})
    first = summarise(run_of(points, x=info()))["coders"]["x"]["curve"][0]
    assert first == pytest.approx(
        {
            "quality": 1.0,
            "bpp": 0.15,
            "psnr": (35 + 20) / 2,
            "ms-ssim": (0.9 + 0.5) / 2,
            "ms-ssim-db": similarity_db((0.9 + 0.5) / 2),
        }
    )


def test_only_points_of_usual_rates_count_in_mean_curves() -> None:
    points = curve("anchor", 1.0) + curve("low", 0.3)
    bd = summarise(run_of(points, anchor=info(), low=info()), "anchor")["coders"]["low"]["bd_rate"]["psnr"]
    psnr = [40 + 5 * math.log10(rate) for rate in RATES]
    # mean rates are 1.5 times those of picture a: 0.045 is too low
    expected = bd_rate([1.5 * r for r in RATES], psnr, [0.45 * r for r in RATES[1:]], psnr[1:])
    assert bd["of_mean_curve"] == pytest.approx(expected.percent)
    assert bd["overlap"][0] == psnr[1]


def test_a_picture_on_which_a_coder_failed_is_left_out_on_both_sides() -> None:
    points = curve("anchor", 1.0) + curve("half", 0.5)
    points[-1] = Point("half", "b", 5.0, error="crashed")
    summary = summarise(run_of(points, anchor=info(), half=info()), "anchor")
    bd = summary["coders"]["half"]["bd_rate"]["psnr"]
    assert bd["of_mean_curve"] == pytest.approx(-50)
    assert list(bd["per_picture"]) == ["a"]
    assert "1 of 2 pictures" in bd["warnings"][0]
    assert [point["bpp"] for point in summary["coders"]["half"]["curve"]] == pytest.approx([r / 2 for r in RATES])
    assert summary["errors"] == {"half": 1}


def test_a_metric_that_a_picture_does_not_have() -> None:
    points = [
        dataclasses.replace(point, metrics={"psnr": point.metrics["psnr"]}) if point.picture == "b" else point
        for point in curve("anchor", 1.0) + curve("half", 0.5)
    ]
    half = summarise(run_of(points, anchor=info(), half=info()), "anchor")["coders"]["half"]
    assert half["bd_rate"]["psnr"]["warnings"] == []
    assert half["bd_rate"]["ms-ssim-db"]["of_mean_curve"] == pytest.approx(-50)
    assert "1 of 2 pictures" in half["bd_rate"]["ms-ssim-db"]["warnings"][0]
    assert half["curve"][0]["ms-ssim"] == pytest.approx(0.9)


def test_infinite_metrics_end_the_curve() -> None:
    points = curve("anchor", 1.0) + curve("half", 0.5)
    points[-1] = dataclasses.replace(points[-1], metrics={"psnr": None, "ms-ssim": 1.0})
    half = summarise(run_of(points, anchor=info(), half=info()), "anchor")["coders"]["half"]
    assert half["bd_rate"]["psnr"]["of_mean_curve"] == pytest.approx(-50)
    assert half["curve"][-1]["psnr"] is None
    assert half["curve"][-1]["ms-ssim-db"] == pytest.approx(similarity_db((1 + 1 - 0.01 / 1.6) / 2))


def test_points_that_a_smaller_file_beats_are_left_out_and_told() -> None:
    points = curve("anchor", 1.0) + curve("half", 0.5)
    worse = {"psnr": 30.0, "ms-ssim": 0.5}
    points = [dataclasses.replace(p, metrics=worse) if (p.coder, p.quality) == ("half", 3.0) else p for p in points]
    bd = summarise(run_of(points, anchor=info(), half=info()), "anchor")["coders"]["half"]["bd_rate"]["psnr"]
    assert bd["of_mean_curve"] == pytest.approx(-50)
    assert "the curve does not rise everywhere: 1 of its points left out" in bd["warnings"]


def test_curves_that_do_not_meet_have_no_bd_rate() -> None:
    points = curve("anchor", 1.0) + curve("far", 1.0, gain=20.0)
    bd = summarise(run_of(points, anchor=info(), far=info()), "anchor")["coders"]["far"]["bd_rate"]["psnr"]
    assert (bd["of_mean_curve"], bd["mean_of_pictures"], bd["per_picture"], bd["overlap"]) == (None, None, {}, None)
    assert any("share no range" in warning for warning in bd["warnings"])


def test_a_thin_overlap_is_told() -> None:
    points = curve("anchor", 1.0) + curve("high", 1.0, gain=4.0)
    bd = summarise(run_of(points, anchor=info(), high=info()), "anchor")["coders"]["high"]["bd_rate"]["psnr"]
    assert any("share only" in warning for warning in bd["warnings"])


def test_anchors() -> None:
    assert choose_anchor(["webp", "jpeg-420"], None) == "jpeg-420"
    assert choose_anchor(["webp", "jxl"], None) == "webp"
    assert choose_anchor(["webp", "jxl"], "jxl") == "jxl"
    assert choose_anchor([], None) is None
    with pytest.raises(InvalidInputError, match="the anchor png is not among the lossy coders measured: webp"):
        choose_anchor(["webp"], "png")


def test_lossless_coders() -> None:
    points = [Point("y", name, 1.0, 100, bpp) for name, bpp in (("a", 9.0), ("b", 12.0))]
    failed = [Point("w", name, 1.0, error="no") for name in PICTURES]
    summary = summarise(run_of(points + failed, y=info(True), w=info(True)))
    assert summary["anchor"] is None
    assert (summary["coders"]["y"]["mean_bpp"], summary["coders"]["y"]["pictures"]) == (10.5, 2)
    assert summary["coders"]["w"]["pictures"] == 0
    assert (summary["coders"]["y"]["curve"], summary["coders"]["y"]["bd_rate"]) == ([], {})
    assert summary["coders"]["w"]["mean_bpp"] is None


def test_times_are_medians_a_megapixel_near_half_a_bit() -> None:
    run = run_of(curve("x", 1.0), x=info())
    rows = [
        ("a", 2.0, 0.3, 9.0), ("b", 2.0, 0.3, 9.0), ("a", 3.0, 0.45, 1.0), ("b", 3.0, 0.55, 3.0), ("a", 5.0, 1.0, 9.0),
    ]  # fmt: skip
    times = [Time("x", name, q, bpp, s, 2 * s, 5, 50 + s, None) for name, q, bpp, s in rows]
    times.append(Time("x", "b", 5.0, error="no"))
    timing = Timing(run.header, tuple(times))
    summary = summarise(run, timing=timing)
    found: dict[str, Any] = summary["coders"]["x"]
    assert found["encode_seconds"] == pytest.approx(4.0)  # pictures of half a megapixel: 2 and 6 seconds
    assert found["decode_seconds"] == pytest.approx(8.0)
    assert (found["encode_peak_mb"], found["decode_peak_mb"]) == (53.0, None)
    assert summary["timing"] == run.header.record()


def test_summaries_are_finite_json(tmp_path: Path) -> None:
    summary = summarise(run_of(curve("anchor", 1.0) + curve("half", 0.5), anchor=info(), half=info()), "half")
    write_summary(summary, tmp_path / "summary.json")
    assert json.loads((tmp_path / "summary.json").read_text()) == summary
