"""``latentpress compare``: what it prints, what it writes, and how it refuses."""

from __future__ import annotations

import webbrowser
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest
import typer
from typer.testing import CliRunner, Result

from latentpress.apps import cli
from latentpress.apps.compare import compare
from latentpress.bench.coders import get_coder
from latentpress.image import Image, read, write
from latentpress.metrics import psnr

Run = Callable[..., Result]


@pytest.fixture
def run() -> Run:
    """``run("compare", ...)`` in this process, with the errors of the whole command line."""
    app = typer.Typer(cls=type(typer.main.get_command(cli.app)))
    app.callback()(lambda: None)
    app.command()(compare)
    return lambda *arguments, stdin=b"": CliRunner().invoke(app, [str(one) for one in arguments], input=stdin)


def rows(done: Result) -> dict[str, list[str]]:
    """The lines of the table by name."""
    lines = done.stdout.splitlines()[1:]
    return {line.split()[0]: line.split()[1:] for line in lines}


@pytest.fixture
def versions(photo: Path) -> list[Path]:
    """The picture again, with loss."""
    image = read(photo)
    jpeg = photo.with_name("version.jpg")
    jpeg.write_bytes(get_coder("jpeg-420").encode(image.pixels, 50))
    dark = photo.with_name("dark.png")
    write(Image(image.pixels // 2), dark)
    return [jpeg, dark]


def test_numbers_of_files(run: Run, photo: Path, versions: list[Path]) -> None:
    done = run("compare", photo, *versions)
    assert (done.exit_code, done.stderr) == (0, "")
    found = rows(done)
    assert list(found) == ["photo.png", "version.jpg", "dark.png"]
    assert found["photo.png"][-1] == "reference"
    for path in versions:
        size, bpp, decibels, similarity = found[path.name]
        assert int(size.replace(",", "")) == path.stat().st_size
        assert float(bpp) == pytest.approx(8 * path.stat().st_size / (65 * 63), abs=0.001)
        assert float(decibels) == pytest.approx(psnr(read(photo).pixels, read(path).pixels), abs=0.01)
        assert similarity == "-"  # the picture is too small for it
    assert not list(photo.parent.glob("*.html"))


def test_our_own_files(run: Run, photo: Path) -> None:
    import latentpress

    packed = photo.with_suffix(".lpx")
    packed.write_bytes(latentpress.compress(read(photo), codec="plain"))
    found = rows(run("compare", photo, packed))
    assert found["photo.lpx"][0].replace(",", "") == str(packed.stat().st_size)
    assert found["photo.lpx"][2] == "inf"
    assert rows(run("compare", "-", packed, stdin=photo.read_bytes()))["photo.lpx"][2] == "inf"


def test_coders_at_a_rate(run: Run, photo: Path) -> None:
    done = run("compare", photo, "--codecs", "jpeg, jpeg2000,png", "--bpp", "3")
    assert done.exit_code == 0
    found = rows(done)
    assert float(found["jpeg-420"][1]) == pytest.approx(3, rel=0.05)
    assert float(found["jpeg2000"][1]) == pytest.approx(3, rel=0.05)
    assert found["jpeg-420"][4] == "quality"
    assert found["jpeg2000"][4] == "bpp"
    assert found["png"][2] == "inf"
    far = run("compare", photo, "--codecs", "jpeg-420", "--bpp", "0.01")
    assert "its nearest to 0.01 bpp" in far.stdout


def test_gray_pictures_stand_for_their_colours(run: Run, gray: Image, tmp_path: Path) -> None:
    paths = tmp_path / "gray.png", tmp_path / "rgb.png", tmp_path / "page.html"
    write(gray, paths[0])
    write(Image(gray.pixels.repeat(3, axis=2)), paths[1])
    found = rows(run("compare", paths[0], paths[1], "--codecs", "jpeg,webp,png", "--bpp", "3", "-o", paths[2]))
    assert found["rgb.png"][2] == found["png"][2] == "inf"
    assert 20 < float(found["webp"][2]) < 60  # knows colour only
    data = get_coder("png").encode(gray.pixels, 100)
    assert found["png"][0].replace(",", "") == str(len(data))  # coded as gray all the same


def test_deep_samples_and_alpha_are_told(run: Run, tmp_path: Path) -> None:
    deep, clear = tmp_path / "deep.png", tmp_path / "clear.png"
    write(Image(np.full((9, 8, 1), 257 * 40, np.uint16)), deep)
    write(Image(np.dstack([np.full((9, 8, 3), 40, np.uint8), np.full((9, 8), 255, np.uint8)])), clear)
    found = rows(run("compare", clear, deep))
    assert " ".join(found["clear.png"]).endswith("reference, alpha laid over white")
    assert " ".join(found["deep.png"]).endswith("16 bits a sample reduced to 8")
    assert found["deep.png"][2] == "inf"


def test_pages(run: Run, photo: Path, versions: list[Path], monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    monkeypatch.setattr(webbrowser, "open", lambda url: not opened.append(url))
    page = photo.with_name("page.html")
    done = run("compare", photo, *versions, "-o", page)
    assert done.exit_code == 0
    assert f"{page}: the page, {page.stat().st_size:,} bytes" in done.stdout
    assert "<title>Comparison of photo.png</title>" in page.read_text(encoding="utf-8")
    assert opened == []
    done = run("compare", photo, *versions, "-o", page)
    assert (done.exit_code, "exists; use --force" in done.stderr) == (2, True)
    assert run("compare", photo, *versions, "-o", page, "--force", "--open").exit_code == 0
    assert opened == [page.resolve().as_uri()]


def test_a_page_to_look_at_once(run: Run, photo: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(webbrowser, "open", lambda url: False)
    done = run("compare", photo, "--codecs", "png", "--open")
    assert done.exit_code == 0
    [page] = tmp_path.glob("latentpress-*.html")
    assert done.stderr == f"latentpress: found no web browser to open {page}\n"


def test_files_of_one_name(run: Run, photo: Path, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    twin = tmp_path / "other" / photo.name
    twin.write_bytes(photo.read_bytes())
    assert list(rows(run("compare", photo, twin))) == [str(photo), str(twin)]
    done = run("compare", photo, photo)
    assert (done.exit_code, done.stderr) == (2, "latentpress: a file or codec is named twice; name each once\n")


def test_pictures_that_cannot_be_compared(run: Run, photo: Path, tmp_path: Path) -> None:
    def refused(*arguments: object) -> str:
        done = run("compare", *arguments)
        assert done.exit_code in (1, 2)
        assert done.stdout == ""
        assert done.stderr.startswith("latentpress: ")
        assert done.stderr.count("\n") == 1
        return done.stderr

    small = tmp_path / "small.png"
    write(Image(np.zeros((8, 9, 3), np.uint8)), small)
    assert "small.png is 9x8, but the reference is 65x63" in refused(photo, small)
    assert "nothing to compare with" in refused(photo)
    assert "--bpp is the rate for --codecs" in refused(photo, small, "--bpp", "1")
    assert "there is no coder 'jpg'" in refused(photo, "--codecs", "jpg")
    assert "cannot read nothing.png" in refused(photo, "nothing.png")
    assert "is not a picture file" in refused(photo, Path(__file__))
    assert "the page goes into a file" in refused(photo, small, "-o", "-")
    damaged = tmp_path / "damaged.lpx"
    damaged.write_bytes(b"\x8fLPX\r\n" + bytes(20))
    assert "damaged.lpx" in refused(photo, damaged)
