"""``latentpress bench``: what it writes and prints, and how it refuses."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

from latentpress.bench.results import read_results, read_timing
from latentpress.image import Image, write

for _module in ("scipy", "matplotlib"):
    pytest.importorskip(_module)

Run = Callable[..., Result]


@pytest.fixture
def data(tmp_path: Path) -> Path:
    """Two pictures large enough for MS-SSIM, in a folder called set."""
    rng = np.random.default_rng(3)
    place = tmp_path / "set"
    place.mkdir()
    for name in "ab":
        ramp = np.linspace(0, 200, 176)[None, :, None] + np.linspace(0, 30, 168)[:, None, None]
        write(Image((ramp + rng.uniform(0, 20, (168, 176, 3))).astype(np.uint8)), place / f"{name}.png")
    return place


def test_everything_at_once(run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("latentpress.bench.timing.RATES", (0.5,))  # each time costs two processes
    out = tmp_path / "out"
    done = run(
        "bench", "--codecs", "webp, jpeg-420,png", "--data", data, "--out", out, "--jobs", "2",
        "--qualities", "webp=5,40,80,95", "--qualities", "jpeg-420=10,50,80,95",
    )  # fmt: skip
    assert done.exit_code == 0, done.stderr
    plots = {f"{name}.{format}" for name in ("rd-psnr", "rd-ms-ssim", "bd-time") for format in ("png", "svg")}
    files = {"results.jsonl", "timing.jsonl", "summary.json", "report.html"}
    assert {path.name for path in out.iterdir()} == plots | files
    results = read_results(out / "results.jsonl")
    assert len(results.points) == 2 * (4 + 4 + 1)
    assert not any(point.error for point in results.points)
    assert results.header.dataset == "set"
    assert {time.coder for time in read_timing(out / "timing.jsonl").times} == {"webp", "jpeg-420", "png"}
    summary = json.loads((out / "summary.json").read_text())
    assert summary["anchor"] == "jpeg-420"
    percent = summary["coders"]["webp"]["bd_rate"]["psnr"]["of_mean_curve"]
    assert percent < 0
    assert f"{percent:+.1f}" in done.stdout
    assert f"{summary['coders']['png']['mean_bpp']:.3f}" in done.stdout
    assert done.stdout.splitlines()[-1] == f"results are in {out}"


def test_only_what_is_asked_for(run: Run, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ("bench", "--data", data, "--out", out, "--no-time", "--no-report", "--metrics", "psnr")
    done = run(*arguments, "--codecs", "png,webp", "--qualities", "webp=0,20")
    assert done.exit_code == 0, done.stderr
    assert {path.name for path in out.iterdir()} == {"results.jsonl", "summary.json", "rd-psnr.png", "rd-psnr.svg"}
    summary = json.loads((out / "summary.json").read_text())
    assert summary["anchor"] == "webp"
    assert set(summary["coders"]["webp"]["bd_rate"]) == {"psnr"}
    assert "a curve has only 2 points" in " ".join(done.stdout.split())
    before = (out / "results.jsonl").read_text().splitlines()[1:]
    done = run(*arguments, "--codecs", "png,webp,jpeg-420", "--qualities", "webp=0,20", "--anchor", "webp")
    assert done.exit_code == 0, done.stderr
    after = (out / "results.jsonl").read_text().splitlines()[1:]
    assert after[: len(before)] == before
    assert json.loads((out / "summary.json").read_text())["anchor"] == "webp"


def test_missing_coders_are_listed_of_all(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from latentpress.bench import selection

    usable = selection.available()
    monkeypatch.setattr(selection, "available", lambda: {id: usable[id] for id in ("jpeg-420", "png")})
    monkeypatch.setattr(selection, "missing", lambda: {"jxl": "jxl needs [this]"})
    done = run("bench", "--data", data, "--out", tmp_path / "out", "--no-time", "--no-report", "--metrics", "psnr")
    assert done.exit_code == 0, done.stderr
    assert "not measured: jxl: jxl needs [this]" in done.stdout
    assert read_results(tmp_path / "out" / "results.jsonl").header.missing == {"jxl": "jxl needs [this]"}


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["--codecs", "nonsense"], "there is no coder 'nonsense'"),
        (["--codecs", ","], "--codecs needs at least one name"),
        (["--codecs", "webp,webp"], "webp is given twice"),
        (["--codecs", "webp", "--anchor", "jpeg-420"], "the anchor jpeg-420 is not among"),
        (["--codecs", "png", "--anchor", "png"], "the anchor png is not among"),
        (["--codecs", "webp", "--metrics", "beauty"], "no metric is called 'beauty'"),
        (["--codecs", "webp", "--qualities", "webp"], "CODEC=NUMBER,NUMBER,..., not 'webp'"),
        (["--codecs", "webp", "--qualities", "webp=a"], "not 'webp=a'"),
        (["--codecs", "webp", "--qualities", "webp=500"], "quality of webp takes"),
        (["--codecs", "webp", "--qualities", "png=100"], "png, which is not among"),
        (["--codecs", "webp", "--jobs", "0"], "--jobs"),
    ],
)
def test_refusals_are_one_line_and_leave_nothing(
    run: Run, data: Path, tmp_path: Path, arguments: list[str], message: str
) -> None:
    done = run("bench", "--data", data, "--out", tmp_path / "out", *arguments)
    assert done.exit_code == 2
    assert message in done.stderr
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "out").exists()


def test_a_folder_without_pictures(run: Run, tmp_path: Path) -> None:
    done = run("bench", "--data", tmp_path, "--out", tmp_path / "out")
    assert (done.exit_code, done.stderr.count("\n")) == (2, 1)
    assert "holds no lossless pictures" in done.stderr


def test_a_named_coder_that_is_not_installed(
    run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "imagecodecs", None)
    done = run("bench", "--data", data, "--out", tmp_path / "out", "--codecs", "jpeg-420,jxl")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "[bench]'" in done.stderr


def test_without_the_extra(run: Run, data: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    done = run("bench", "--data", data, "--out", tmp_path / "out", "--codecs", "jpeg-420")
    assert (done.exit_code, done.stderr.count("\n")) == (1, 1)
    assert "the bench command needs packages that are not installed: pip install" in done.stderr


@pytest.mark.skipif(sys.platform == "win32", reason="needs SIGINT")
def test_ctrl_c_keeps_what_is_measured(run: Run, data: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    arguments = ["bench", "--codecs", "jpeg-420,webp,png,plain", "--data", data, "--out", out, "--metrics", "psnr"]
    arguments += ["--no-time", "--no-report", "--jobs", "1"]
    # The tests may run in the background of a shell, which has its children ignore Ctrl-C.
    heed = "import runpy, signal; signal.signal(signal.SIGINT, signal.default_int_handler); "
    heed += "runpy.run_module('latentpress', run_name='__main__')"
    command = [sys.executable, "-c", heed, *map(str, arguments)]
    with subprocess.Popen(command, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        part = out / "results.part.jsonl"
        while process.poll() is None and not (part.exists() and part.read_text().count("\n") > 3):
            time.sleep(0.005)
        process.send_signal(signal.SIGINT)
        _, errors = process.communicate(timeout=60)
    assert process.returncode == 130
    assert errors.startswith(f"stopped; what is measured is kept in {out}")
    assert "Traceback" not in errors
    kept = part.read_text().count("\n") - 1
    assert kept >= 3
    done = run(*arguments)
    assert done.exit_code == 0, done.stderr
    assert not part.exists()
    assert len(read_results(out / "results.jsonl").points) > kept
