"""JPEG files kept as they are: with --lossless, from Python, in folders."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
from PIL import Image as PillowImage
from typer.testing import Result

import latentpress
from latentpress import InvalidInputError, Settings, UnsupportedError
from latentpress.apps import folders
from latentpress.image import Image, read, write
from latentpress.jobs import InProcess

Run = Callable[..., Result]


@pytest.fixture
def jpeg(tmp_path: Path, photograph: Image) -> Path:
    """A JPEG file with a few bytes behind its end."""
    path = tmp_path / "photo.jpg"
    PillowImage.fromarray(photograph.pixels[:64, :80]).save(
        path, quality=80, exif=b"Exif\0\0MM\0*\0\0\0\x08\0\0\0\0\0\0"
    )
    path.write_bytes(path.read_bytes() + b"behind")
    return path


def test_the_file_comes_back(run: Run, jpeg: Path) -> None:
    done = run("compress", jpeg, "--lossless")
    packed, original = jpeg.with_suffix(".lpx"), jpeg.read_bytes()
    assert (done.exit_code, done.stderr) == (0, "")
    assert "of the file, whose very bytes come back" in done.stdout
    assert packed.stat().st_size < 0.85 * len(original)
    assert latentpress.inspect(packed.read_bytes()).facts["method"] == "coefficients"
    again, picture = jpeg.with_name("again.jpg"), jpeg.with_name("photo.png")
    assert run("decompress", packed, again).exit_code == run("decompress", packed, picture).exit_code == 0
    assert again.read_bytes() == original
    assert read(picture) == read(jpeg)


def test_a_kept_file_comes_back_without_being_named(run: Run, jpeg: Path) -> None:
    packed, original = jpeg.with_name("kept.lpx"), jpeg.read_bytes()
    assert run("compress", jpeg, packed, "--lossless").exit_code == 0
    assert "keeps:      a JPEG file, byte for byte" in run("inspect", packed).stdout
    assert run("decompress", packed).stdout.startswith(f"{packed.with_suffix('.jpg')}: the JPEG file, ")
    assert packed.with_suffix(".jpg").read_bytes() == original
    assert run("decompress", packed, "--region", "0,0,8,8").stdout.startswith(f"{packed.with_suffix('.png')}: 8x8")


def test_pixels_of_the_file_on_request(run: Run, jpeg: Path) -> None:
    assert run("compress", jpeg, "--lossless", "--pixels").exit_code == 0
    packed = jpeg.with_suffix(".lpx").read_bytes()
    assert latentpress.inspect(packed).codec == "mlp-lossless"
    assert latentpress.decompress(packed) == read(jpeg)


def test_from_standard_input(run: Run, jpeg: Path, rgb: Image) -> None:
    done = run("compress", "-", "--lossless", stdin=jpeg.read_bytes())
    assert latentpress.decompress_jpeg(done.stdout_bytes) == jpeg.read_bytes()
    write(rgb, png := jpeg.with_suffix(".png"))
    done = run("compress", "-", "--lossless", stdin=png.read_bytes())
    assert latentpress.decompress(done.stdout_bytes) == rgb


def test_metadata_are_a_part_of_the_file(run: Run, jpeg: Path) -> None:
    done = run("compress", jpeg, "--lossless", "--strip")
    assert done.exit_code == 2
    assert "give --pixels" in done.stderr
    assert run("compress", jpeg, "--lossless", "--strip", "--pixels").exit_code == 0


def test_from_python(jpeg: Path, rgb: Image) -> None:
    data = latentpress.compress(jpeg, lossless=True)
    assert latentpress.decompress_jpeg(data) == jpeg.read_bytes()
    assert latentpress.compress(jpeg, codec="jpeg", lossless=True) == data
    with pytest.raises(UnsupportedError, match="made by mlp-lossless"):
        latentpress.decompress_jpeg(latentpress.compress(rgb, lossless=True))
    with pytest.raises(InvalidInputError, match="this is none"):
        latentpress.compress(rgb, codec="jpeg", lossless=True)
    with pytest.raises(InvalidInputError, match="goes with no quality"):
        latentpress.compress(jpeg, codec="jpeg", lossless=True, quality=90)


def test_settings_tell_what_becomes_of_files() -> None:
    kept, coded = Settings(lossless=True), Settings(lossless=True, pixels=True)
    assert kept.keeper() is not None
    assert kept != coded
    assert kept.described() != coded.described()
    for other in (coded, Settings(), Settings(max_error=2), Settings.of(lossless=True, mosaic="auto")):
        assert other.keeper() is None


def test_in_folders(run: Run, jpeg: Path, rgb: Image, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_executor", lambda *_: InProcess())
    write(rgb, jpeg.with_name("drawing.png"))
    packed, back, pictures = (jpeg.parent / name for name in ("packed", "back", "pictures"))
    assert run("compress", jpeg.parent, "-o", packed, "--lossless").exit_code == 0
    assert run("decompress", packed, "-o", back, "--format", "jpg").exit_code == 0
    assert (back / "photo.jpg").read_bytes() == jpeg.read_bytes()
    assert run("decompress", packed, "-o", pictures).exit_code == 0
    assert np.array_equal(read(pictures / "photo.png").pixels, read(jpeg).pixels)
    assert read(pictures / "drawing.png") == rgb


def test_a_file_that_is_cut_short_is_kept_and_said_to_be(run: Run, jpeg: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folders, "_executor", lambda *_: InProcess())
    jpeg.write_bytes(cut := jpeg.read_bytes()[:900])
    done = run("compress", jpeg, "--lossless", "--quiet")
    assert (done.exit_code, done.stdout) == (0, "")
    assert done.stderr == "warning: the JPEG file is cut short; it is kept as it is\n"
    assert latentpress.decompress_jpeg(jpeg.with_suffix(".lpx")) == cut
    done = run("compress", jpeg.parent, "-o", jpeg.parent / "packed", "--lossless", "-j", "1")
    assert done.exit_code == 0, done.stderr
    assert "warning: photo.jpg: the JPEG file is cut short; it is kept as it is\n" in done.stderr
