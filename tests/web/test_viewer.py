"""The page that `make web` built, opened from the disk in a real browser."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

import latentpress

from .conftest import BUILD, BUILT, CONFORMANCE, GOLDEN, png

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


def saved(page: Any) -> tuple[NDArray[Any], tuple[bytes, ...]]:
    """What the button saves; see `png`."""
    with page.expect_download() as download:
        page.click("#save:not([disabled])")
    assert download.value.suggested_filename.endswith(".png")
    return png(Path(download.value.path()))


def test_a_file_is_shown_and_saved(page: Any) -> None:
    path = GOLDEN / "hyperprior-3-photo-128x96-q80.lpx"
    page.set_input_files("#file", str(path))
    page.wait_for_selector("#save:not([disabled])")
    assert page.inner_text("#name") == path.name
    assert "128 × 96, RGB" in page.inner_text("#facts")
    picture = page.locator("#picture")
    assert picture.evaluate("async (image) => (await image.decode(), image.naturalWidth)") == 128
    difference = saved(page)[0].astype(int) - latentpress.decompress(path.read_bytes()).pixels
    assert np.abs(difference).max() <= 1


def test_transparency_and_metadata(page: Any) -> None:
    path = CONFORMANCE / "hyperprior-everything.lpx"
    page.set_input_files("#more", str(path))
    page.wait_for_selector("#save:not([disabled])")
    (pixels, metadata), right = saved(page), latentpress.decompress(path.read_bytes())
    assert np.array_equal(pixels[:, :, -1], right.pixels[:, :, -1])
    assert np.abs(pixels.astype(int) - right.pixels).max() <= 1
    assert metadata == (right.metadata.icc, right.metadata.exif, right.metadata.xmp)


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
    assert saved(page)[0].shape == (13, 7, 1)
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
