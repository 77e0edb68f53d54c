"""Commands on whole folders: results, reports, refusals."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

import latentpress
from latentpress import limits
from latentpress.image import Image, read, write

from .conftest import tree

Run = Callable[..., Result]


def test_there_and_back_in_processes(run: Run, source: Path, tmp_path: Path) -> None:
    done = run("compress", source, "-o", tmp_path / "packed", "--codec", "plain", "--jobs", "2")
    assert (done.exit_code, done.stderr) == (0, "")
    assert sorted(tree(tmp_path / "packed")) == ["p20.jpg.lpx", "p20.png.lpx", "sub/p21.lpx"]
    done = run("decompress", tmp_path / "packed", tmp_path / "back", "--format", "ppm", "--jobs", "1")
    assert (done.exit_code, done.stderr) == (0, "")
    assert sorted(tree(tmp_path / "back")) == ["p20.jpg.ppm", "p20.png.ppm", "sub/p21.ppm"]
    assert read(tmp_path / "back" / "sub" / "p21.ppm") == read(source / "sub" / "p21.png")


def test_settings_reach_the_codec(run: Run, here: None, tmp_path: Path) -> None:
    photo = read(Path(__file__).parents[3] / "examples" / "macaws.png")
    photo = Image(photo.pixels[100:292, 200:456]).with_metadata(latentpress.Metadata(icc=b"profile" * 30))
    (tmp_path / "in").mkdir()
    write(photo, tmp_path / "in" / "a.png")
    done = run("compress", tmp_path / "in", "-o", tmp_path / "out", "--size", "4KB", "--strip", "--verify")
    assert (done.exit_code, done.stderr) == (0, "")
    data = (tmp_path / "out" / "a.lpx").read_bytes()
    assert 3920 <= len(data) <= 4000
    assert not any(chunk.name == "colour profile" for chunk in latentpress.inspect(data).chunks)
    error = np.square(photo.pixels.astype(float) - latentpress.decompress(data).pixels).mean()
    found = float(done.stdout.split("PSNR ")[1].split(" dB")[0])
    assert found == pytest.approx(10 * np.log10(255**2 / error), abs=0.02)


def test_summary_table(run: Run, here: None, source: Path, tmp_path: Path) -> None:
    command = ("compress", source, "-o", tmp_path / "out", "--codec", "plain")
    first = run(*command).stdout.splitlines()
    bytes_in = sum(path.stat().st_size for path in source.rglob("p*.*"))
    bytes_out = sum(map(len, tree(tmp_path / "out").values()))
    numbers = [f"{bytes_in:,}", f"{bytes_out:,}", f"{bytes_in / bytes_out:.2f}"]
    assert first[0].split() == ["files", "bytes", "in", "bytes", "out", "ratio"]
    assert first[1].split() == ["done", "now", "3", *numbers]
    assert first[2].split() == ["done", "before", "0", "0", "0", "-"]
    assert first[3].split() == ["all", "3", *numbers]
    assert first[4].split() == ["failed", "0"]
    assert first[5].startswith("compress: ")
    assert first[5].endswith("left alone: 1")
    second = run(*command).stdout.splitlines()
    assert second[2].split() == ["done", "before", "3", *numbers]
    assert run(*command, "--quiet").stdout == ""


def test_progress_is_shown_on_a_terminal(
    run: Run, here: None, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("TTY_COMPATIBLE", "1")
    monkeypatch.setenv("COLUMNS", "120")
    command = ("compress", source, "-o", tmp_path / "out", "--codec", "plain")
    done = run(*command, "--quiet")
    assert (done.exit_code, done.stderr) == (0, "")
    done = run(*command, "--force")
    for part in ("compress", "3 of 3 files", " files/s, ", "/s", "left"):
        assert part in done.stderr
    assert "files/s" not in done.stdout


def test_bad_pictures_are_listed_at_the_end(run: Run, here: None, source: Path, tmp_path: Path) -> None:
    (source / "bad.png").write_text("no picture")
    (source / "sub" / "cut.png").write_bytes((source / "p20.png").read_bytes()[:300])
    frames = [Image(np.full((8, 8, 3), value, np.uint8)).to_pillow() for value in (0, 255)]
    frames[0].save(source / "film.gif", save_all=True, append_images=frames[1:])
    done = run("compress", source, "-o", tmp_path / "out", "--codec", "plain", "--quiet")
    assert (done.exit_code, done.stdout) == (1, "")
    warning, headline, first, second = done.stderr.splitlines()
    assert warning == f"warning: {source / 'film.gif'}: only the first of 2 frames is read; compress --frames takes all"
    assert headline == "latentpress: 2 of 6 files failed:"
    assert first.startswith("  bad.png: ")
    assert "is not a picture file" in first
    assert second.startswith("  sub/cut.png: cannot read")
    assert len(tree(tmp_path / "out")) == 4


def test_json(run: Run, here: None, source: Path, tmp_path: Path) -> None:
    (source / "bad.png").write_text("no picture")
    command = ("compress", source, "-o", tmp_path / "out", "--codec", "plain", "--verify", "--json")
    done = run(*command)
    assert done.exit_code == 1
    found = json.loads(done.stdout)
    sizes = {name: len(data) for name, data in tree(tmp_path / "out").items()}
    assert found["settings"] == {"codec": "plain", "model": "", "strip": False}
    assert (found["command"], found["source"], found["output"]) == ("compress", str(source), str(tmp_path / "out"))
    assert (found["made"], found["done_before"], found["failed"], found["ignored"]) == (3, 0, 1, 1)
    assert found["bytes_out"] == sum(sizes.values())
    assert found["ratio"] == pytest.approx(found["bytes_in"] / found["bytes_out"])
    assert found["interrupted"] is False
    assert {one["result"]: one["bytes_out"] for one in found["files"]} == sizes
    assert found["files"][0] == {
        "name": "p20.jpg", "result": "p20.jpg.lpx", "bytes_in": (source / "p20.jpg").stat().st_size,
        "bytes_out": sizes["p20.jpg.lpx"], "warnings": [], "kept": False, "psnr": None,
    }  # fmt: skip
    assert [(one["name"], "not a picture" in one["error"]) for one in found["failures"]] == [("bad.png", True)]
    again = json.loads(run(*command).stdout)
    assert (again["made"], again["done_before"], again["files"]) == (0, 3, [])
    assert again["bytes_out"] == found["bytes_out"]


def test_force_and_other_settings(run: Run, here: None, source: Path, tmp_path: Path) -> None:
    command = ("compress", source, "-o", tmp_path / "out")
    run(*command, "--quality", "8")
    done = run(*command, "--quality", "7")
    assert done.exit_code == 2
    assert done.stderr.startswith("latentpress: ")
    assert "quality 8.0 then, 7.0 now" in done.stderr
    assert "(codec hyperprior then, mlp-lossless now); choose" in run(*command, "--lossless").stderr
    before = {latentpress.inspect(data).rate for data in tree(tmp_path / "out").values()}
    assert run(*command, "--quality", "7", "--force").exit_code == 0
    assert max(latentpress.inspect(data).rate for data in tree(tmp_path / "out").values()) < max(before)


def test_effort_and_what_came_out_larger(run: Run, here: None, source: Path, tmp_path: Path) -> None:
    small = tmp_path / "small"
    small.mkdir()
    (small / "tiny.png").write_bytes((source / "p20.png").read_bytes())
    done = run("compress", small, "-o", tmp_path / "out", "--codec", "plain")
    assert "larger than their files are the results of tiny.png" in done.stdout
    assert f"larger than {small / 'tiny.png'}" in run("compress", small / "tiny.png", "--codec", "plain").stdout
    done = run("compress", small, "-o", tmp_path / "out2", "--effort", "2", "--json")
    assert json.loads(done.stdout)["settings"]["effort"] == 2
    expected = latentpress.compress(small / "tiny.png", effort=2, threads=1)
    assert (tmp_path / "out2" / "tiny.lpx").read_bytes() == expected
    assert (tmp_path / "out2" / "tiny.lpx").stat().st_mtime_ns == (small / "tiny.png").stat().st_mtime_ns


def test_standardise(run: Run, here: None, source: Path, tmp_path: Path) -> None:
    out = tmp_path / "out"
    done = run(
        "standardise", source, "-o", out, "--size", "16x12", "--fit", "pad", "--colour", "gray", "--format", "tif"
    )
    assert (done.exit_code, done.stderr) == (0, "")
    assert sorted(tree(out)) == ["p20.jpg.tif", "p20.png.tif", "sub/p21.tif"]
    for path in out.rglob("*.tif"):
        picture = read(path)
        assert picture.pixels.shape == (12, 16, 1)
        assert set(picture.pixels[[0, -1]].flat) == {255}
    assert run("standardise", source, "-o", tmp_path / "small", "--max-side", "10").exit_code == 0
    assert read(tmp_path / "small" / "sub" / "p21.png").pixels.shape == (4, 10, 3)


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["compress", "in"], "name a folder for the results: -o OUT"),
        (["decompress", "in"], "name a folder for the results: -o OUT"),
        (["decompress", "in", "-o", "out"], "nothing to decompress in this folder (4 files of other kinds)"),
        (["decompress", "in", "-o", "out", "--region", "0,0,1,1"], "--region"),
        (["compress", "in", "out", "-o", "out"], "two outputs"),
        (["compress", "in", "-o", "out", "--codec", "none"], "no codec 'none'"),
        (["compress", "in", "-o", "out", "--bpp", "1", "--codec", "plain"], "lossless"),
        (["compress", "in", "-o", "in/p20.png"], "cannot"),
        (["compress", "in/p20.png", "--jobs", "2"], "--jobs is for folders"),
        (["compress", "in/p20.png", "--json"], "--json is for folders"),
        (["compress", "in/p20.png", "--scheduler", "tcp://x"], "--scheduler is for folders"),
        (["decompress", "in/p20.png", "--format", "ppm"], "--format is for folders"),
        (["standardise", "in/p20.png", "-o", "out"], "is not a folder"),
        (["standardise", "in", "-o", "in"], "is the source itself"),
        (["standardise", "in", "-o", "out", "--size", "16"], "--size must be two whole numbers"),
        (["standardise", "in", "-o", "out", "--size", "0x5"], "width must be 1 to 65535"),
        (["standardise", "in", "-o", "out", "--format", "gif"], "GIF"),
        (["standardise", "in", "-o", "out", "--fit", "stretch"], "--fit"),
        (["standardise", "in"], "--output"),
    ],
)
def test_bad_usage(
    run: Run, here: None, source: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], text: str
) -> None:
    monkeypatch.chdir(source.parent)
    before = tree(source)
    done = run(*arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("latentpress: ")
    assert done.stderr.count("\n") == 1
    assert text in done.stderr
    assert tree(source) == before
    assert not Path("out").exists()


def test_the_output_of_a_single_file_can_be_an_option(run: Run, source: Path, tmp_path: Path) -> None:
    assert run("compress", source / "p20.png", "-o", tmp_path / "a.lpx", "--codec", "plain").exit_code == 0
    assert run("decompress", tmp_path / "a.lpx", "--output", tmp_path / "b.png").exit_code == 0
    assert read(tmp_path / "b.png") == read(source / "p20.png")


def test_largest_picture_can_be_set(
    run: Run, here: None, source: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(limits, "MAX_PIXELS", limits.MAX_PIXELS)  # restored afterwards
    done = run("compress", source, "-o", tmp_path / "out", "--codec", "plain", "--max-pixels", "165")
    assert done.exit_code == 1
    assert "1 of 3 files failed" in done.stderr
    assert "--max-pixels" in done.stderr


def test_a_folder_of_masks(run: Run, tmp_path: Path, here: None) -> None:
    """A mask for one of two pictures: its file has a region of interest, the other one a warning."""
    pixels = np.random.default_rng(0).integers(0, 256, (32, 48, 3)).astype(np.uint8)
    mask = np.zeros((32, 48, 1), np.uint8)
    mask[:16, :16] = 255
    for name, samples in (("photos/a.png", pixels), ("photos/deep/b.png", pixels), ("masks/deep/b.png", mask)):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        write(Image(samples), tmp_path / name)
    command = ("compress", tmp_path / "photos", "-o", tmp_path / "out", "--roi-mask", tmp_path / "masks")
    done = run(*command)
    assert done.exit_code == 0, done.stderr
    assert "a.png: there is no mask for it" in done.stderr
    chunks = [latentpress.inspect((tmp_path / "out" / name).read_bytes()).chunks for name in ("a.lpx", "deep/b.lpx")]
    assert ["regions of interest" in {chunk.name for chunk in found} for found in chunks] == [False, True]
    for more, words in ((("--roi-strength", 3), "strength 12.0 then, 3.0 now"), (("--lossless",), "knows no regions")):
        done = run(*command, *more)
        assert done.exit_code == 2
        assert words in done.stderr
