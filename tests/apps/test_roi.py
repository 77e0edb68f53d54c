"""Regions of interest from the command line."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

import latentpress
from latentpress.image import Image, write
from latentpress.models import find_model

Run = Callable[..., Result]


@pytest.mark.parametrize("codec", ["hyperprior", "importance-map"])
def test_rectangles_and_mask_are_one(run: Run, photo: Path, tmp_path: Path, rgb: Image, codec: str) -> None:
    mask = np.zeros((63, 65, 1), np.uint8)
    mask[16:48, 0:32] = 255
    write(Image(mask), tmp_path / "mask.png")
    usual = ("compress", photo, "--codec", codec, "--threads", 1, "--quiet")
    parts = ("--roi", "0,16,32,16", "--roi", "0,32,32,16")
    assert run(*usual, "-o", tmp_path / "a.lpx", *parts).exit_code == 0
    assert run(*usual, "-o", tmp_path / "b.lpx", "--roi-mask", tmp_path / "mask.png").exit_code == 0
    assert run(*usual, "-o", tmp_path / "c.lpx").exit_code == 0
    assert run(*usual, "-o", tmp_path / "d.lpx", *parts, "--roi-strength", 18).exit_code == 0
    a, b, c, d = ((tmp_path / f"{name}.lpx").read_bytes() for name in "abcd")
    assert a == b
    assert len({a, c, d}) == 3
    assert a == latentpress.compress(rgb, codec=latentpress.get_codec(codec, threads=1), roi=[(0, 16, 32, 32)])
    kinds = [chunk.name for chunk in latentpress.inspect(a).chunks]
    assert kinds == (["regions of interest", "symbols"] if codec == "hyperprior" else ["symbols"])


def test_a_size_is_kept_with_a_region(run: Run, photo: Path, tmp_path: Path) -> None:
    out = tmp_path / "small.lpx"
    assert run("compress", photo, out, "--size", "700", "--roi", "0,0,20,20").exit_code == 0
    assert out.stat().st_size <= 700


def test_a_class_is_a_region(run: Run, photo: Path, tmp_path: Path, rgb: Image) -> None:
    try:
        find_model("semantic")
    except latentpress.UnsupportedError:
        pytest.skip("the package semantic-1 is not installed")
    every = [part for kind in range(6) for part in ("--roi-class", kind)]
    usual = ("compress", photo, "--threads", 1, "--quiet", "--codec", "hyperprior")
    assert run(*usual, "-o", tmp_path / "a.lpx", *every).exit_code == 0
    assert run(*usual, "-o", tmp_path / "b.lpx", "--roi", "0,0,65,63").exit_code == 0
    assert (tmp_path / "a.lpx").read_bytes() == (tmp_path / "b.lpx").read_bytes()


@pytest.mark.parametrize(
    ("option", "value", "message"),
    [
        ("--roi", "1,2,3", "four whole numbers"),
        ("--roi", "60,0,6,6", "does not lie"),
        ("--roi-mask", "absent.png", "absent.png"),
        ("--roi-class", "6", "classes are 0 to 5"),
        ("--roi-mask", "small.png", "plane of 65 x 63"),
    ],
)
def test_mistakes_are_named(
    run: Run, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, option: str, value: str, message: str
) -> None:
    monkeypatch.chdir(tmp_path)
    write(Image(np.zeros((5, 5, 1), np.uint8)), tmp_path / "small.png")
    done = run("compress", photo, "--threads", 1, option, value)
    assert done.exit_code != 0
    assert message in done.stderr or message in str(done.exception)
    assert not photo.with_suffix(".lpx").exists()


def test_folders_and_lossless_codecs_have_no_regions(run: Run, photo: Path, tmp_path: Path) -> None:
    done = run("compress", photo, "--lossless", "--roi", "0,0,9,9")
    assert "knows no regions" in done.stderr + str(done.exception)
    done = run("compress", tmp_path, "-o", tmp_path / "packed", "--roi", "0,0,9,9")
    assert "single files" in done.stderr + str(done.exception)
