"""The page that `make web` built, opened from the disk in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress.image import Image

from ..conftest import Make
from .conftest import BUILD, BUILT, GOLDEN

WAIT = 120_000


@pytest.fixture
def page(browser: Any) -> Iterator[Any]:
    """The page; it must say nothing on its console and ask for nothing but its own files."""
    if not (BUILT / "index.html").exists():
        pytest.skip(BUILD)
    complaints: list[str] = []
    made = browser.new_page(viewport={"width": 1100, "height": 800})
    made.set_default_timeout(WAIT)
    made.on("console", lambda message: complaints.append(message.text))
    made.on("pageerror", lambda error: complaints.append(str(error)))
    own = (BUILT.as_uri(), "blob:")
    made.on("request", lambda request: request.url.startswith(own) or complaints.append(request.url))
    made.goto((BUILT / "index.html").as_uri())
    yield made
    made.close()
    assert complaints == []


def saved(page: Any) -> Image:
    with page.expect_download() as download:
        page.click("#save:not([disabled])")
    assert download.value.suggested_filename.endswith(".png")
    return latentpress.read_image(Path(download.value.path()))


def test_a_file_is_shown_and_saved(page: Any) -> None:
    path = GOLDEN / "hyperprior-3-photo-128x96-q80.lpx"
    page.set_input_files("#file", str(path))
    page.wait_for_selector("#save:not([disabled])")
    assert page.inner_text("#name") == path.name
    assert "128 × 96, RGB" in page.inner_text("#facts")
    picture = page.locator("#picture")
    assert picture.evaluate("async (image) => (await image.decode(), image.naturalWidth)") == 128
    difference = saved(page).pixels.astype(int) - latentpress.decompress(path.read_bytes()).pixels
    assert np.abs(difference).max() <= 1


def test_transparency_is_exact(page: Any, make: Make, tmp_path: Path) -> None:
    rng = np.random.default_rng(5)
    shapes = np.kron(rng.integers(0, 2, (6, 9), np.uint8) * 255, np.ones((11, 10), np.uint8))
    steps = np.kron(rng.integers(0, 2**16, (3, 3)), np.ones((40, 50))).astype(np.uint16)
    pictures = {
        "flat": Image(np.dstack([make(66, 90).pixels, np.full((66, 90), 77, np.uint8)])),
        "shapes": Image(np.dstack([make(66, 90).pixels, shapes])),
        "deep": Image(np.dstack([make(120, 150, 1, 16).pixels, steps]), 16),
    }
    for name, picture in pictures.items():
        path = tmp_path / f"{name}.lpx"
        path.write_bytes(latentpress.compress(picture, 50))
        page.set_input_files("#more", str(path))
        page.wait_for_function("(name) => document.querySelector('#name').textContent === name", arg=path.name)
        page.wait_for_selector("#files .waiting", state="detached")
        assert page.is_hidden("#message"), page.inner_text("#message")
        found, right = saved(page), latentpress.decompress(path.read_bytes())
        assert np.array_equal(found.pixels[:, :, -1], right.pixels[:, :, -1]), name
        assert np.abs(found.pixels.astype(int) - right.pixels).max() <= 1, name


def test_several_files_and_what_cannot_be_opened(page: Any, tmp_path: Path) -> None:
    good, other = GOLDEN / "hyperprior-3-gray-7x13-q60.lpx", GOLDEN / "pca-blocks-1-gray-7x13-q60.lpx"
    text = tmp_path / "notes.lpx"
    text.write_text("not a picture", encoding="utf-8")
    page.set_input_files("#file", [str(text), str(other), str(good)])
    page.wait_for_selector("#files .done")
    assert "notes.lpx: this is not an .lpx file." in page.inner_text("#message.error")
    assert page.is_disabled("#save")
    page.click("#files button:nth-child(2)")
    assert "install LatentPress" in page.inner_text("#message.error")
    page.click("#files button:nth-child(3)")
    assert saved(page).pixels.shape == (13, 7, 1)
    page.set_viewport_size({"width": 360, "height": 740})
    assert page.evaluate("document.documentElement.scrollWidth") <= 360


def test_a_missing_model_is_named(browser: Any, tmp_path: Path) -> None:
    if not (BUILT / "index.html").exists():
        pytest.skip(BUILD)
    copy = Path(shutil.copytree(BUILT, tmp_path / "web", ignore=shutil.ignore_patterns("models")))
    page = browser.new_page()
    page.goto((copy / "index.html").as_uri())
    page.set_input_files("#file", str(GOLDEN / "hyperprior-3-gray-7x13-q60.lpx"))
    page.wait_for_selector("#message.error", timeout=WAIT)
    assert "needs the model efed96c3a153d1c0" in page.inner_text("#message")
    page.close()
