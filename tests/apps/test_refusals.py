"""Wishes that the command line cannot fulfil: one line each, and no file."""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import Result

import latentpress
from latentpress.image import Image, read

Run = Callable[..., Result]


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (
            ["photo.png", "--codec", "mlp-lossless", "--quality", "30"],
            "mlp-lossless is lossless: it goes with no --quality",
        ),
        (
            ["photo.png", "--codec", "importance-map", "--tune", "mse"],
            "'importance-map' has no setting '--tune'; codecs w",
        ),
        (["photo.png", "--lossless", "--tune", "mse"], "--lossless goes with no --tune"),
        (["photo.png", "--max-error", "2", "--ms-ssim", "0.98"], "--max-error goes with no --ms-ssim"),
        (["photo.png", "--quality", "3", "--ms-ssim", "0.98"], "give one of --quality, --ms-ssim, not 2 of them"),
        (["photo.png", "--progressive", "--encrypt"], "--encrypt goes with no --progressive: "),
        (["photo.png", "--lossless", "--roi", "0,0,9,9"], "mlp-lossless knows no regions of interest"),
        (["photo.png", "--lossless", "--max-error", "2"], "--lossless goes with no --max-error"),
        (["photo.png", "x.jpg"], "x.jpg would not be what its ending says: the result is an .lpx file, name it *.lpx"),
        (["photo.png", "x.html"], "x.html would not be what its ending says"),
        (["photo.png", "nothere/"], "nothere/ names a folder; name a file in it, as in nothere/result.lpx"),
        (["photo.png", "folder"], "folder is a folder; name a file in it"),
        (["nothere/"], "cannot read nothere/"),
        (["photo.png", "--threads", "100000"], "100000 is not in the range 1<=x<=1024"),
        (["photo.png", "--jobs", "100000"], "100000 is not in the range 1<=x<=1024"),
        (["renamed.png", "x.lpx"], "renamed.png is an .lpx file already"),
        (["-q", "80", "photo.png", "x.lpx"], "(-q is --quiet; for that quality write --quality 80)"),
        (["photo.png", "-o", "x.lpx", "-q", "75"], "(-q is --quiet; for that quality write --quality 75)"),
    ],
)
def test_compress(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], text: str) -> None:
    monkeypatch.chdir(photo.parent)
    Path("folder").mkdir()
    Path("renamed.png").write_bytes(latentpress.compress(photo, codec="plain"))
    before = sorted(photo.parent.rglob("*"))
    done = run("compress", *arguments)
    assert done.exit_code == 2
    assert text in done.stderr
    assert done.stderr.startswith("latentpress: ")
    assert done.stderr.count("\n") == 1
    assert sorted(photo.parent.rglob("*")) == before


@pytest.mark.parametrize(
    ("arguments", "text"),
    [
        (["photo.png"], "photo.png: not an .lpx file"),
        (["packed.lpx", "f.pgm"], ".pgm files hold gray, and this picture is RGB; name it .ppm"),
        (["packed.lpx", "f.pbm"], ".pbm files hold black and white"),
        (["packed.lpx", "f.html"], "f.html would not be what its ending says: the result is a picture, name it *.png"),
        (["packed.lpx", "f.lpx"], "f.lpx would not be what its ending says"),
        (["packed.lpx", "nothere/"], "nothere/ names a folder"),
    ],
)
def test_decompress(run: Run, photo: Path, monkeypatch: pytest.MonkeyPatch, arguments: list[str], text: str) -> None:
    monkeypatch.chdir(photo.parent)
    Path("packed.lpx").write_bytes(latentpress.compress(photo, codec="plain"))
    done = run("decompress", *arguments)
    assert done.exit_code == 2
    assert text in done.stderr
    assert done.stderr.count("\n") == 1
    assert sorted(path.name for path in photo.parent.iterdir()) == ["packed.lpx", "photo.png"]


def test_a_page_is_no_picture(run: Run, photo: Path) -> None:
    done = run("compare", photo, photo.with_name("b.png"), "-o", photo.with_name("p.png"))
    assert done.exit_code == 2
    assert "p.png would not be what its ending says: the result is a page, name it *.html" in done.stderr


def test_gray_goes_into_pgm(run: Run, photo: Path, gray: Image) -> None:
    packed = photo.with_suffix(".lpx")
    packed.write_bytes(latentpress.compress(gray, codec="plain"))
    assert run("decompress", packed, photo.with_suffix(".pgm")).exit_code == 0
    assert read(photo.with_suffix(".pgm")) == gray


def test_verify_with_a_model_in_a_folder(run: Run, photo: Path, own_model: Path) -> None:
    done = run("compress", photo, "--model", own_model, "--verify")
    assert done.exit_code == 0, done.stderr
    assert "PSNR" in done.stdout
    shutil.rmtree(own_model)
    assert latentpress.decompress(photo.with_suffix(".lpx").read_bytes()).width == 65
