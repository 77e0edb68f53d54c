"""Whole folders without loss, with a bound on it, and of raw mosaics: every file, in workers, and in the record."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from typer.testing import Result

import latentpress
from latentpress.image import Image, read, write
from latentpress.jobs.record import RECORD

Run = Callable[..., Result]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Pictures in colour, deep, gray, and with alpha."""
    rng = np.random.default_rng(0)
    made = {"colour": (3, 8), "deep": (3, 16), "sub/gray": (1, 8), "sub/clear": (4, 8)}
    for name, (channels, depth) in made.items():
        slope = np.linspace(0.1, 0.8, 26)[None, :, None] + rng.random((10, 26, channels)) * 0.1
        kind = np.uint8 if depth == 8 else np.uint16
        path = tmp_path / "in" / f"{name}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        write(Image((slope * (2**depth - 1)).astype(kind), depth), path)
    return tmp_path / "in"


def settings_of(output: Path) -> dict[str, object]:
    found: dict[str, object] = json.loads((output / RECORD).read_text())["settings"]
    return found


@pytest.mark.parametrize("bound", [0, 3])
def test_every_file_in_workers(run: Run, folder: Path, tmp_path: Path, bound: int) -> None:
    packed, back = tmp_path / "packed", tmp_path / "back"
    how = ["--max-error", str(bound)] if bound else ["--lossless"]
    done = run("compress", folder, "-o", packed, *how, "--jobs", "2")
    assert (done.exit_code, done.stderr) == (0, "")
    assert settings_of(packed)["max_error"] == bound
    assert settings_of(packed)["codec"] == "mlp-lossless"
    assert run("decompress", packed, "-o", back, "--jobs", "2").exit_code == 0
    worst = []
    for path in sorted(folder.rglob("*.png")):
        name = path.relative_to(folder)
        assert latentpress.inspect((packed / name.with_suffix(".lpx")).read_bytes()).rate == bound
        error = np.abs(read(path).pixels.astype(int) - read(back / name).pixels)
        worst.append(error.max())
        assert error[:, :, 3:].sum() == 0
    assert len(worst) == 4
    assert max(worst) == bound


def test_another_bound_is_another_job(run: Run, folder: Path, tmp_path: Path) -> None:
    """Results of one bound are not taken for those of another."""
    for path in folder.rglob("*"):
        if path.is_file() and path.stem != "gray":
            path.unlink()
    assert run("compress", folder, "-o", tmp_path / "out", "--max-error", "2", "--jobs", "1").exit_code == 0
    for other in (["--max-error", "4"], ["--lossless"]):
        refused = run("compress", folder, "-o", tmp_path / "out", *other, "--jobs", "1")
        assert refused.exit_code == 2
        assert "max_error 2 then" in refused.stderr.replace("\n", " ")
    again = run("compress", folder, "-o", tmp_path / "out", "--max-error", "2", "--jobs", "1", "--json")
    assert (json.loads(again.stdout)["made"], json.loads(again.stdout)["done_before"]) == (0, 1)
    assert json.loads(again.stdout)["settings"]["max_error"] == 2


def test_mosaics(run: Run, folder: Path, tmp_path: Path) -> None:
    """A mosaic in colour is that file's failure; the others are made."""
    gray = read(folder / "sub" / "gray.png").pixels
    done = run("compress", folder, "-o", tmp_path / "out", "--lossless", "--mosaic", "GBRG", "--jobs", "1")
    assert done.exit_code == 1
    assert "colour.png" in done.stderr
    data = (tmp_path / "out" / "sub" / "gray.lpx").read_bytes()
    assert latentpress.inspect(data).facts["mosaic"] == "GBRG"
    assert np.array_equal(latentpress.decompress(data).pixels, gray)
    assert settings_of(tmp_path / "out")["mosaic"] == "GBRG"
