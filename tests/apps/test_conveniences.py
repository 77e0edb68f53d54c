"""Frames, names of files that are odd, models that are no models, and completion in the shell."""

from __future__ import annotations

import io
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import PIL.Image
import pytest
from typer.testing import Result

import latentpress
from latentpress.image import Image

Run = Callable[..., Result]


def test_frames_become_files_of_a_folder(run: Run, tmp_path: Path) -> None:
    pages = [PIL.Image.new("RGB", (20 + 4 * page, 16), (80 * page, 90, 200)) for page in range(3)]
    scan = tmp_path / "scan.tif"
    pages[0].save(scan, save_all=True, append_images=pages[1:])
    done = run("compress", scan, tmp_path / "first.lpx")
    assert "only the first of 3 frames is read; compress --frames takes all" in done.stderr
    done = run("compress", scan, "--frames", "--lossless")
    assert done.stdout.startswith(f"{tmp_path / 'scan'}: 3 frames, ")
    files = sorted((tmp_path / "scan").iterdir())
    assert [file.name for file in files] == ["scan-0001.lpx", "scan-0002.lpx", "scan-0003.lpx"]
    for file, page in zip(files, pages, strict=True):
        assert latentpress.decompress(file) == Image.from_pillow(page)
    assert "scan-0001.lpx exists; use --force" in run("compress", scan, "--frames").stderr
    assert "name a folder" in run("compress", scan, "-", "--frames").stderr
    assert "--frames goes with no --verify" in run("compress", scan, "--frames", "--verify").stderr
    assert "cannot read" in run("compress", tmp_path, tmp_path / "out", "--frames").stderr


def test_control_characters_of_names_are_shown_as_escapes(run: Run, photo: Path, tmp_path: Path) -> None:
    odd = tmp_path / "a\x1b[31m\nb\udcff.png"
    photo.rename(odd)
    done = run("compress", odd)
    assert "a\\x1b[31m" in done.stdout
    assert "b\\udcff.lpx" in done.stdout
    assert "\x1b" not in done.stdout
    gone = run("compress", tmp_path / "none\x07\x1b]0;title\x07.png")
    assert gone.stderr.startswith("latentpress: cannot read ")
    assert "none\\x07\\x1b]0;title\\x07.png" in gone.stderr
    assert "\x1b" not in gone.stderr


def test_junk_among_the_models_is_said_once(photo: Path, tmp_path: Path) -> None:
    (tmp_path / "models" / "bad").mkdir(parents=True)
    (tmp_path / "models" / "bad" / "card.json").write_text("{")
    places = [str(tmp_path / "nothing"), str(tmp_path), str(tmp_path / "models")]
    surroundings = {**os.environ, "LATENTPRESS_MODELS": os.pathsep.join(places)}
    command = [sys.executable, "-m", "latentpress", "compress", str(photo), "--model", "none"]
    done = subprocess.run(command, env=surroundings, capture_output=True, text=True, timeout=60, check=False)
    lines = done.stderr.splitlines()
    assert lines[0] == f"warning: LATENTPRESS_MODELS: {places[0]} is no folder"
    assert lines[1] == f"warning: LATENTPRESS_MODELS: {places[1]} is a folder without model packages"
    assert lines[2].startswith(f"warning: LATENTPRESS_MODELS: the card of model package {places[2]}/bad is damaged")
    assert len(lines) == 4
    assert "none is not installed" in lines[3]


@pytest.mark.parametrize(
    ("words", "wanted"), [("compress --qual", "--quality"), ("compress --codec hyp", "hyperprior")]
)
def test_the_shell_completes(words: str, wanted: str) -> None:
    asked = {"_LATENTPRESS_COMPLETE": "complete_bash", "COMP_WORDS": f"latentpress {words}"}
    asked["COMP_CWORD"] = str(len(words.split()))
    command = [sys.executable, "-m", "latentpress"]
    done = subprocess.run(command, env={**os.environ, **asked}, capture_output=True, text=True, timeout=60, check=False)
    assert wanted in done.stdout.split()


def test_pictures_and_files_come_from_paths_bytes_and_streams(photo: Path, tmp_path: Path) -> None:
    """Also a JPEG file, whose bytes are kept whichever way they come."""
    PIL.Image.open(photo).save(tmp_path / "photo.jpg")
    for source in (photo, tmp_path / "photo.jpg"):
        data = source.read_bytes()
        packed = latentpress.compress(source, lossless=True)
        (tmp_path / "a.lpx").write_bytes(packed)
        assert latentpress.compress(data, lossless=True) == packed
        with source.open("rb") as stream:
            assert latentpress.compress(stream, lossless=True) == packed
        for file in (tmp_path / "a.lpx", str(tmp_path / "a.lpx"), packed, memoryview(packed), io.BytesIO(packed)):
            image = latentpress.decompress(file)
            assert image == latentpress.decompress(packed)
        assert latentpress.inspect(tmp_path / "a.lpx") == latentpress.inspect(packed)
    assert latentpress.decompress_jpeg(tmp_path / "a.lpx") == data
    with pytest.raises(latentpress.InvalidInputError, match=r"cannot read .*none\.lpx: No such file"):
        latentpress.decompress(tmp_path / "none.lpx")
    with pytest.raises(latentpress.InvalidInputError, match="binary mode, not StringIO"):
        latentpress.inspect(io.StringIO("text"))  # type: ignore[arg-type]
