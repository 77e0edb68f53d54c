"""The command line without loss, and with a bound on it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from typer.testing import CliRunner

import latentpress
from latentpress.apps.cli import app
from latentpress.image import Image, read, write


@pytest.fixture
def picture(tmp_path: Path) -> Path:
    y, x = np.mgrid[0:20, 0:30]
    rng = np.random.default_rng(0)
    pixels = np.stack([4 * x + y, 3 * y + x, 200 - 2 * x], axis=-1) + rng.integers(0, 3, (20, 30, 3))
    write(Image(pixels.astype(np.uint8)), tmp_path / "picture.png")
    return tmp_path / "picture.png"


def test_there_and_back(picture: Path, tmp_path: Path) -> None:
    result = CliRunner().invoke(app, ["compress", str(picture), "--lossless"])
    assert result.exit_code == 0, result.output
    packed = picture.with_suffix(".lpx")
    assert latentpress.inspect(packed.read_bytes()).codec == "mlp-lossless"
    assert CliRunner().invoke(app, ["decompress", str(packed), str(tmp_path / "back.png")]).exit_code == 0
    assert read(tmp_path / "back.png") == read(picture)


def test_bound(picture: Path, tmp_path: Path) -> None:
    out = tmp_path / "near.lpx"
    result = CliRunner().invoke(app, ["compress", str(picture), str(out), "--max-error", "2", "--threads", "1"])
    assert result.exit_code == 0, result.output
    back = latentpress.decompress(out.read_bytes()).pixels.astype(int)
    assert 0 < np.abs(back - read(picture).pixels).max() <= 2


@pytest.mark.parametrize("arguments", [["--lossless", "--quality", "3"], ["--lossless", "--codec", "hyperprior"]])
def test_what_does_not_go_together(picture: Path, arguments: list[str]) -> None:
    result = CliRunner().invoke(app, ["compress", str(picture), *arguments])
    assert result.exit_code != 0
    assert not picture.with_suffix(".lpx").exists()
