"""`run_bench`: true numbers, coders that fail, runs that are killed and go on."""

from __future__ import annotations

import importlib
import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress import processes
from latentpress.bench.coders import get_coder
from latentpress.bench.pictures import find_pictures
from latentpress.bench.results import read_results
from latentpress.bench.runner import run_bench
from latentpress.bench.selection import select_coders, with_qualities
from latentpress.errors import InvalidInputError, LatentPressError, MissingExtraError, UnsupportedError
from latentpress.image import Image, read, write
from latentpress.metrics import METRICS, ms_ssim, psnr

HERE = Path(__file__).parent


@pytest.fixture
def fake(monkeypatch: pytest.MonkeyPatch) -> Any:
    """The class `FakeCoder`, importable in worker processes too: they inherit the path."""
    monkeypatch.syspath_prepend(str(HERE))
    return importlib.import_module("fake_coders").FakeCoder


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Two wide RGB pictures and a high gray one, in a folder called set."""
    rng = np.random.default_rng(5)
    place = tmp_path / "set"
    place.mkdir()
    for name, shape in (("a", (24, 32, 3)), ("b", (20, 36, 3)), ("c", (33, 17, 1))):
        ramp = np.linspace(0, 200, shape[1])[None, :, None] + rng.uniform(0, 50, shape)
        write(Image(ramp.astype(np.uint8)), place / f"{name}.png")
    (place / "notes.txt").write_text("not a picture")
    return place


def lines(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines()]


def test_points_are_what_the_coders_and_metrics_say(folder: Path, tmp_path: Path) -> None:
    coders = [with_qualities(get_coder("jpeg-420"), [20, 80]), get_coder("png")]
    told: list[tuple[int, int]] = []
    out = tmp_path / "deep" / "out"
    run = run_bench(
        coders, find_pictures(folder), out, metrics=["psnr", "mse"], jobs=2, missing={"z": "install it"},
        progress=lambda done, total: told.append((done, total)),
    )  # fmt: skip
    assert run == read_results(out / "results.jsonl")
    assert [path.name for path in out.iterdir()] == ["results.jsonl"]
    assert told == [(done, 9) for done in range(10)]
    assert [point.key for point in run.points] == [
        *(("jpeg-420", name, quality) for name in "abc" for quality in (20.0, 80.0)),
        *(("png", name, 100.0) for name in "abc"),
    ]
    pixels = read(folder / "b.png").pixels
    data = get_coder("jpeg-420").encode(pixels, 80)
    restored = get_coder("jpeg-420").decode(data)
    point = run.points[3]
    assert (point.bytes, point.bpp) == (len(data), 8 * len(data) / (36 * 20))
    assert point.metrics == {"psnr": psnr(pixels, restored), "mse": METRICS["mse"].function(pixels, restored)}
    assert run.points[-1].metrics == {}
    header = run.header
    assert (header.dataset, header.metrics, header.missing) == ("set", ("psnr", "mse"), {"z": "install it"})
    assert [(p.width, p.height, p.channels) for p in header.pictures.values()] == [
        (32, 24, 3),
        (36, 20, 3),
        (17, 33, 1),
    ]
    assert len({picture.sha256 for picture in header.pictures.values()}) == 3
    assert header.coders["jpeg-420"].settings == coders[0].settings()
    assert header.coders["jpeg-420"].settings["threads"] == 1
    assert header.coders["jpeg-420"].qualities == (20.0, 80.0)
    assert header.versions["numpy"] == np.__version__
    assert header.machine["cores"] >= 1


def test_a_coder_that_fails_leaves_its_reason_and_the_run_goes_on(folder: Path, tmp_path: Path, fake: Any) -> None:
    tricks = ("refuse", "raise", "crash", "shape")
    coders = [fake(trick, trick) for trick in tricks]
    coders += [fake("changed", "changed", lossless=True), fake("sound", lossless=True), fake()]
    run = run_bench(coders, find_pictures(folder), tmp_path / "out", metrics=["psnr"], jobs=2)
    errors = {id: {point.picture: point.error for point in run.points if point.coder == id} for id in run.header.coders}
    assert errors["refuse"] == dict.fromkeys("ab", "refuse takes no wide pictures") | {"c": ""}
    assert set(errors["raise"].values()) == {"raise cannot encode 32 x 24 pixels: ZeroDivisionError"} | {
        f"raise cannot encode {size} pixels: ZeroDivisionError" for size in ("36 x 20", "17 x 33")
    }
    assert set(errors["crash"].values()) == {"the process died of SIGKILL"}
    assert errors["shape"]["a"] == "decodes to the shape (23, 32, 3), not (24, 32, 3)"
    assert set(errors["changed"].values()) == {"is not lossless: 3 samples differ", "is not lossless: 1 samples differ"}
    assert set(errors["sound"].values()) | set(errors["fake"].values()) == {""}
    assert len(run.points) == 3 * (5 * 3 + 2)
    assert run == read_results(tmp_path / "out" / "results.jsonl")


def test_an_infinite_metric_is_null_and_one_that_is_not_defined_is_left_out(
    tmp_path: Path, fake: Any, folder: Path
) -> None:
    pytest.importorskip("scipy")
    coder = with_qualities(fake(), [1])
    run = run_bench([coder], {"a": folder / "a.png"}, tmp_path, metrics=["psnr", "ms-ssim"], jobs=1)
    assert run.points[0].metrics == {"psnr": None}
    large = np.random.default_rng(0).integers(0, 256, (161, 170, 3)).astype(np.uint8)
    write(Image(large), folder / "a.png")
    run = run_bench([coder], {"a": folder / "a.png"}, tmp_path, metrics=["psnr", "ms-ssim"], jobs=1)
    assert run.points[0].metrics == {"psnr": None, "ms-ssim": ms_ssim(large, large)}


def test_finished_results_are_taken_up_unless_fresh(folder: Path, tmp_path: Path, fake: Any) -> None:
    pictures, counts = find_pictures(folder), []

    def bench(*coders: Any, fresh: bool = False) -> None:
        totals: list[int] = []
        run_bench(
            coders, pictures, tmp_path / "out", metrics=["psnr"], jobs=1, fresh=fresh,
            progress=lambda done, total: totals.append(total),
        )  # fmt: skip
        counts.append(totals[0])

    bench(fake("x"))
    first = lines(tmp_path / "out" / "results.jsonl")
    bench(fake("x"))
    assert lines(tmp_path / "out" / "results.jsonl")[1:] == first[1:]
    bench(fake("x"), fake("y", lossless=True))
    assert [row for row in lines(tmp_path / "out" / "results.jsonl") if row.get("coder") == "x"] == first[1:]
    bench(fake("x", version="2"), fake("y", lossless=True))
    bench(fake("x", version="2"), fresh=True)
    bench(fake("broken", "raise"))
    bench(fake("broken", "raise"))  # what failed is tried again
    assert counts == [9, 0, 3, 9, 9, 9, 9]


SCRIPT = """
import sys
sys.path.insert(0, {here!r})
from fake_coders import FakeCoder
from latentpress.bench.coders import get_coder
from latentpress.bench.pictures import find_pictures
from latentpress.bench.runner import run_bench

if __name__ == "__main__":
    coders = [FakeCoder("slow", "sleep"), get_coder("jpeg-420"), get_coder("webp"), FakeCoder("refuse", "refuse")]
    def tell(done, total):
        print(done, total, flush=True)
    run_bench(coders, find_pictures({data!r}), sys.argv[1], metrics=["psnr"], jobs=2, progress=tell)
"""


def start(script: Path, out: Path) -> subprocess.Popen[str]:
    environment = os.environ | {"PYTHONPATH": str(Path(latentpress.__file__).parents[1])}
    return subprocess.Popen([sys.executable, script, out], stdout=subprocess.PIPE, text=True, env=environment)


def finish(script: Path, out: Path) -> int:
    """Run to the end; the number of points that were measured."""
    with start(script, out) as process:
        output, _ = process.communicate(timeout=120)
    assert process.returncode == 0
    return int(output.split()[-1])


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs SIGKILL")
def test_a_killed_run_goes_on_and_ends_with_the_same_file(folder: Path, tmp_path: Path) -> None:
    script = tmp_path / "script.py"
    script.write_text(SCRIPT.format(here=str(HERE), data=str(folder)))
    all_points = finish(script, tmp_path / "whole")
    out = tmp_path / "killed"
    for _ in range(2):
        with start(script, out) as process:
            assert process.stdout is not None
            for line in process.stdout:
                if int(line.split()[0]) == 7:
                    break
            process.kill()
        assert not (out / "results.jsonl").exists()
        with open(out / "results.part.jsonl", "a") as stream:
            stream.write('{"kind": "point", "coder": "slow", "pict')
    kept = [
        row for row in lines_that_parse(out / "results.part.jsonl") if row["kind"] == "point" and "error" not in row
    ]
    assert len(kept) >= 10
    measured = finish(script, out)
    assert measured == all_points - len({(row["coder"], row["picture"], row["quality"]) for row in kept})
    whole, resumed = lines(tmp_path / "whole" / "results.jsonl"), lines(out / "results.jsonl")
    assert (tmp_path / "whole" / "results.jsonl").read_text().splitlines()[1:] == (
        out / "results.jsonl"
    ).read_text().splitlines()[1:]
    assert whole[0] | {"date": ""} == resumed[0] | {"date": ""}
    assert [path.name for path in out.iterdir()] == ["results.jsonl"]


def lines_that_parse(path: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in path.read_text().splitlines() if line.endswith("}")]


def test_what_cannot_be_measured_is_refused_before_any_work(
    folder: Path, tmp_path: Path, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    pictures = find_pictures(folder)
    with pytest.raises(InvalidInputError, match="no metric is called 'beauty'"):
        run_bench([fake()], pictures, tmp_path / "out", metrics=["beauty"])
    with pytest.raises(InvalidInputError, match="fake is given twice"):
        run_bench([fake(), fake()], pictures, tmp_path / "out")
    with pytest.raises(InvalidInputError, match="at least one"):
        run_bench([], pictures, tmp_path / "out")
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="metric ms-ssim"):
        run_bench([fake()], pictures, tmp_path / "out")
    monkeypatch.setattr("shutil.which", lambda name: None)
    with pytest.raises(UnsupportedError, match="program butteraugli"):
        run_bench([fake()], pictures, tmp_path / "out", metrics=["butteraugli"])
    assert not (tmp_path / "out").exists()
    with pytest.raises(InvalidInputError, match="cannot make the folder"):
        run_bench([fake()], pictures, folder / "a.png" / "out", metrics=["psnr"])


def test_pictures_of_a_folder(folder: Path, tmp_path: Path) -> None:
    assert list(find_pictures(folder)) == ["a", "b", "c"]
    (folder / "b.bmp").write_bytes(b"")
    with pytest.raises(InvalidInputError, match="two pictures called b"):
        find_pictures(folder)
    (tmp_path / "empty").mkdir()
    with pytest.raises(InvalidInputError, match="no lossless pictures"):
        find_pictures(tmp_path / "empty")
    with pytest.raises(InvalidInputError, match="cannot read the folder"):
        find_pictures(tmp_path / "none")


def test_a_picture_that_no_coder_takes_stops_the_run(folder: Path, tmp_path: Path, fake: Any) -> None:
    from PIL import Image as PillowImage

    PillowImage.new("RGBA", (4, 4)).save(folder / "b.png")
    with pytest.raises(LatentPressError, match=r"b\.png.*alpha"):
        run_bench([fake()], find_pictures(folder), tmp_path / "out", metrics=["psnr"])
    assert not list((tmp_path / "out").glob("results*"))


def test_selection_of_coders() -> None:
    coders, missing = select_coders(["webp", "jpeg-420", "png"], {"webp": [50, 5]})
    assert [(coder.id, coder.qualities) for coder in coders[:1]] == [("webp", (50.0, 5.0))]
    assert [coder.id for coder in coders] == ["webp", "jpeg-420", "png"]
    assert missing == {}
    assert get_coder("webp").qualities != (50.0, 5.0)


@pytest.mark.parametrize(
    ("ids", "qualities", "message"),
    [
        (["webp", "webp"], {}, "webp is given twice"),
        (["webp"], {"jpeg-420": [5]}, "jpeg-420, which is not among"),
        (["webp"], {"webp": []}, "at least one quality"),
        (["webp"], {"webp": [5, 5]}, "each one once"),
        (["webp"], {"webp": [5.5]}, "whole numbers from 0 to 100, not 5.5"),
        (["webp"], {"webp": [101]}, "not 101"),
        (["webp"], {"webp": [float("nan")]}, "not nan"),
        (["png"], {"png": [100]}, "png is lossless"),
    ],
)
def test_bad_selections_are_refused(ids: list[str], qualities: dict[str, list[float]], message: str) -> None:
    with pytest.raises(InvalidInputError, match=message):
        select_coders(ids, qualities)


def test_all_lists_the_missing_and_a_name_must_be_there(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyjpegli", None)
    coders, missing = select_coders(["all"])
    assert "[bench]'" in missing["jpegli"]
    assert "jpegli" not in [coder.id for coder in coders]
    assert "jpeg-420" in [coder.id for coder in coders]
    with pytest.raises(MissingExtraError, match="jpegli"):
        select_coders(["jpeg-420", "jpegli"])
    with pytest.raises(UnsupportedError, match="no coder 'jpg'"):
        select_coders(["jpg"])


def test_short_names_are_those_of_the_results() -> None:
    [coder], _ = select_coders(["jpeg"], {"jpeg": [30, 50]})
    assert (coder.id, coder.qualities) == ("jpeg-420", (30.0, 50.0))
    with pytest.raises(InvalidInputError, match="jpeg-420 is given twice"):
        select_coders(["jpeg", "jpeg-420"])


def test_workers_are_single_threaded_and_leave_the_environment_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("MKL_NUM_THREADS", raising=False)
    names = ["OMP_NUM_THREADS", "MKL_NUM_THREADS"]
    assert dict(processes.each(os.getenv, names, 2)) == dict.fromkeys(names, "1")
    assert [os.environ.get(name) for name in names] == ["7", None]


def test_a_worker_that_dies_is_replaced() -> None:
    found = sorted(processes.each(os._exit, [3, 4, 5], 1), key=lambda pair: pair[0])
    assert found == [(code, processes.Lost(f"the process ended with code {code}")) for code in (3, 4, 5)]


def test_workers_that_cannot_start_end_the_run(monkeypatch: pytest.MonkeyPatch, capfd: Any, fake: Any) -> None:
    coder = fake()
    monkeypatch.setattr(sys, "path", [entry for entry in sys.path if entry != str(HERE)])  # it cannot be imported there
    with pytest.raises(LatentPressError, match="did not start"):
        list(processes.each(coder.decode, [b""], 1))
    assert "fake_coders" in capfd.readouterr().err


def test_closing_ends_the_processes() -> None:
    results = processes.each(time.sleep, [0.0, 600.0], 2)
    assert next(results) == (0.0, None)
    start = time.monotonic()
    results.close()
    assert time.monotonic() - start < 60
