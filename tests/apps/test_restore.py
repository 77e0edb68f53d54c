"""``latentpress restore``."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from pathlib import Path

import pytest
import typer
from PIL import Image as PillowImage
from typer.testing import CliRunner, Result

import latentpress
from latentpress.apps.restore import restore
from latentpress.errors import InvalidInputError
from latentpress.image import read

MACAWS = Path(__file__).parents[2] / "examples" / "macaws.png"


@pytest.fixture
def call() -> Callable[..., Result]:
    """The command alone."""
    app = typer.Typer()
    app.command()(restore)
    return lambda *arguments, stdin=b"": CliRunner().invoke(app, [str(a) for a in arguments], input=stdin)


@pytest.fixture
def jpegs(tmp_path: Path) -> Path:
    """A folder of two JPEG files of 96 x 80 pixels and something else."""
    folder = tmp_path / "old"
    folder.mkdir()
    with PillowImage.open(MACAWS) as picture:
        for number, quality in enumerate((15, 40)):
            part = picture.convert("RGB").crop((200, 100 + 90 * number, 296, 180 + 90 * number))
            part.save(folder / f"{number}.jpg", quality=quality)
    (folder / "notes.txt").write_text("no picture")
    return folder


def test_one_file(call: Callable[..., Result], jpegs: Path) -> None:
    done = call(jpegs / "0.jpg", "--threads", 1)
    assert done.exit_code == 0, done.stderr
    assert "96x80 RGB, quality 15, 100.00 % of blocks as in the file" in done.stdout
    assert read(jpegs / "0.png").pixels.shape == (80, 96, 3)
    assert isinstance(call(jpegs / "0.jpg").exception, InvalidInputError)  # exists
    assert call(jpegs / "0.jpg", "--force", "--quiet", "--no-project").stdout == ""


def test_streams_and_strength(call: Callable[..., Result], jpegs: Path) -> None:
    data = (jpegs / "0.jpg").read_bytes()
    done = call("-", "--strength", 0, "--threads", 1, stdin=data)
    assert done.exit_code == 0, done.stderr
    assert read(io.BytesIO(done.stdout_bytes)) == read(io.BytesIO(data))
    assert "quality 15" in done.stderr


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir() if not path.name.startswith("."))


def test_a_folder_is_a_job(call: Callable[..., Result], jpegs: Path, tmp_path: Path) -> None:
    target = tmp_path / "clean"
    done = call(jpegs, "-o", target, "--jobs", 1, "--json")
    assert done.exit_code == 0, done.stderr
    assert names(target) == ["0.png", "1.png"]
    found = json.loads(done.stdout)
    assert (found["made"], found["ignored"], found["settings"]["strength"]) == (2, 1, 1.0)
    assert read(target / "1.png") == latentpress.restore(jpegs / "1.jpg", threads=1).image
    (target / "0.png").unlink()
    again = json.loads(call(jpegs, "-o", target, "--jobs", 1, "--json").stdout)
    assert (again["made"], again["done_before"]) == (1, 1)
    other = call(jpegs, "-o", target, "--strength", 0.5)
    assert "strength 1.0 then, 0.5 now" in str(other.exception)
    done = call(jpegs, "-o", tmp_path / "ppm", "--jobs", 1, "--format", "ppm", "--quiet")
    assert (done.exit_code, done.stdout, names(tmp_path / "ppm")) == (0, "", ["0.ppm", "1.ppm"])


def test_a_bad_file_in_a_folder_does_not_stop_the_rest(
    call: Callable[..., Result], jpegs: Path, tmp_path: Path
) -> None:
    (jpegs / "00.jpeg").write_bytes(b"\xff\xd8\xff no more")
    done = call(jpegs, "-o", tmp_path / "clean", "--jobs", 1)
    assert done.exit_code == 1
    assert "1 of 3 files failed" in done.stderr
    assert "00.jpeg: " in done.stderr
    assert names(tmp_path / "clean") == ["0.png", "1.png"]


def test_refused(call: Callable[..., Result], jpegs: Path, tmp_path: Path) -> None:
    assert isinstance(call(jpegs).exception, InvalidInputError)  # a folder needs -o
    (tmp_path / "empty").mkdir()
    assert isinstance(call(tmp_path / "empty", "-o", tmp_path / "x").exception, InvalidInputError)
    assert call(jpegs / "0.jpg", "--strength", 2).exit_code == 2
    damaged = tmp_path / "damaged.jpg"
    damaged.write_bytes((jpegs / "0.jpg").read_bytes()[:300])
    assert isinstance(call(damaged).exception, InvalidInputError)
    assert not (tmp_path / "damaged.png").exists()
