"""The page in a real browser: a picture goes in, metrics come out, the divider moves, nothing is complained about."""

from __future__ import annotations

import io
import re
import shutil
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress.image import Image, read

WAIT = 60_000


@pytest.fixture
def complaints() -> list[str]:
    return []


@pytest.fixture
def page(browser: Any, address: str, complaints: list[str]) -> Iterator[Any]:
    """The page, loaded; what its console says is collected, and requests to elsewhere count as complaints."""
    made = browser.new_page(viewport={"width": 1280, "height": 860})
    made.on("console", lambda message: complaints.append(f"{message.type}: {message.text}"))
    made.on("pageerror", lambda error: complaints.append(str(error)))
    foreign = ("http:", "https:")
    made.on(
        "request", lambda r: complaints.append(r.url) if r.url.startswith(foreign) and address not in r.url else None
    )
    made.goto(address)
    made.wait_for_selector("#codec:not([disabled])", timeout=WAIT)
    yield made
    made.close()


@pytest.fixture
def photo(tmp_path: Path, crop_png: bytes) -> Path:
    path = tmp_path / "my photo.png"
    path.write_bytes(crop_png)
    return path


def settle(page: Any) -> None:
    """Wait until no request is due or under way."""
    page.wait_for_timeout(400)
    page.wait_for_selector("body:not(.busy)", timeout=WAIT)


def load(page: Any, photo: Path) -> None:
    page.set_input_files("#file", str(photo))
    page.wait_for_selector("#save:not([disabled])", timeout=WAIT)


def figures(page: Any) -> dict[str, list[str]]:
    """The table of results: name to the cells of its row."""
    rows = page.locator("#rows tr").all()
    return {row.locator("th").inner_text(): row.locator("td").all_inner_texts() for row in rows}


def test_a_picture_gives_metrics_and_a_divider(page: Any, photo: Path, complaints: list[str]) -> None:
    load(page, photo)
    assert page.inner_text("#name").startswith("my photo.png")
    assert "256 × 192" in page.inner_text("#name")
    found = figures(page)
    assert found["PSNR"][0].endswith(" dB")
    assert found["Rate"][0].endswith(" bpp")
    assert found["Setting"] == ["quality 50"]
    assert page.inner_text("#size").endswith("KB")

    from playwright.sync_api import expect as expecting

    frame = page.locator("#frame")
    box = frame.bounding_box()
    expect = expecting(frame)  # waits: the divider is drawn with the next frame
    expect.to_have_attribute("aria-valuenow", "50")
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.down()
    page.mouse.move(box["x"] + box["width"] / 4, box["y"] + box["height"] / 2, steps=5)
    page.mouse.up()
    expect.to_have_attribute("aria-valuenow", re.compile("2[3-7]"))
    frame.focus()
    page.keyboard.press("End")
    expect.to_have_attribute("aria-valuenow", "100")
    page.keyboard.press("ArrowLeft")
    expect.to_have_attribute("aria-valuenow", "99")
    assert complaints == []


def test_the_rate_changes_the_file(page: Any, photo: Path, complaints: list[str]) -> None:
    load(page, photo)
    before = float(figures(page)["Rate"][0].split()[0])
    page.focus("#rate")
    page.keyboard.press("Home")
    settle(page)
    assert figures(page)["Setting"] == ["quality 0"]
    assert float(figures(page)["Rate"][0].split()[0]) < before
    page.check("input[value=bpp]", force=True)
    settle(page)
    assert float(figures(page)["Rate"][0].split()[0]) == pytest.approx(0.5, rel=0.1)
    assert complaints == []


def test_codecs_are_compared_at_the_same_rate(page: Any, photo: Path, complaints: list[str]) -> None:
    load(page, photo)
    page.select_option("#other", "jpeg-420")
    page.wait_for_selector("#head:not([hidden])", timeout=WAIT)
    settle(page)
    assert page.inner_text("#head-other") == "JPEG"
    ours, theirs = (float(cell.split()[0]) for cell in figures(page)["Rate"])
    assert ours == pytest.approx(theirs, rel=0.1)
    page.check("input[value=own]", force=True)
    page.focus("#other-rate")
    page.keyboard.press("Home")
    settle(page)
    assert figures(page)["Setting"][1] == "quality 0"
    page.select_option("#codec", "png")
    settle(page)
    assert figures(page)["PSNR"][0] == "identical"
    assert page.is_disabled("#rate")
    assert "jpeg-444" not in page.locator("#codec option").evaluate_all("all => all.map((one) => one.value)")
    page.check("#variants")
    assert "JPEG · jpeg-444" in page.locator("#codec option").all_inner_texts()
    assert complaints == []


def test_only_the_newest_request_counts(page: Any, photo: Path, complaints: list[str]) -> None:
    load(page, photo)
    page.focus("#rate")
    for _ in range(30):
        page.keyboard.press("ArrowRight")
        page.wait_for_timeout(20)
    settle(page)
    assert figures(page)["Setting"] == [f"quality {page.inner_text('#rate-value')}"]
    assert complaints == []


def test_saving_gives_a_file_that_decodes(page: Any, photo: Path, complaints: list[str]) -> None:
    load(page, photo)
    with page.expect_download() as download:
        page.click("#save")
    assert download.value.suggested_filename == "my photo.lpx"
    data = Path(download.value.path()).read_bytes()
    assert latentpress.decompress(data).width == 256
    assert f"{len(data) / 1000:.1f} KB" == page.inner_text("#size")
    assert complaints == []


def saved(page: Any, button: str) -> tuple[str, bytes]:
    """Name and bytes of what a button saves."""
    with page.expect_download() as download:
        page.click(f"{button}:not([disabled])")
    return download.value.suggested_filename, Path(download.value.path()).read_bytes()


def test_both_sides_are_saved(page: Any, photo: Path, complaints: list[str]) -> None:
    load(page, photo)
    page.select_option("#other", "webp")
    page.wait_for_selector("#save-other:not([hidden])", timeout=WAIT)
    settle(page)
    name, data = saved(page, "#save-other")
    assert (name, data[8:12]) == ("my photo.webp", b"WEBP")
    assert f"{len(data) / 1000:.1f} KB" == figures(page)["File"][1]
    assert complaints == []


def test_a_file_of_a_wanted_size(page: Any, photo: Path, complaints: list[str]) -> None:
    load(page, photo)
    page.check("input[value=size]", force=True)
    page.fill("#kilobytes", "3")
    settle(page)
    name, data = saved(page, "#save")
    assert name == "my photo.lpx"
    assert 2500 < len(data) <= 3000
    percent = round(100 * (len(data) - photo.stat().st_size) / photo.stat().st_size)
    assert page.inner_text("#change") == f"−{-percent} % of your file"
    assert complaints == []


def test_options_and_a_painted_region(page: Any, photo: Path, complaints: list[str]) -> None:
    def measured() -> list[str]:
        return figures(page)["Rate"] + figures(page)["PSNR"]

    load(page, photo)
    before = measured()
    page.click("#options summary")
    page.select_option("#tune", "ms-ssim")
    settle(page)
    tuned = measured()
    assert tuned != before
    page.select_option("#tune", "mse")
    settle(page)
    page.click("#brush")
    box = page.locator("#frame").bounding_box()
    page.mouse.move(box["x"] + 60, box["y"] + 60)
    page.mouse.down()
    page.mouse.move(box["x"] + 110, box["y"] + 90, steps=3)
    page.mouse.up()
    settle(page)
    assert measured() not in (before, tuned)
    data = saved(page, "#save")[1]
    assert any(chunk.name == "regions of interest" for chunk in latentpress.inspect(data).chunks)
    page.click("#clear-region")
    settle(page)
    assert measured() == before
    page.select_option("#codec", "mlp-lossless")
    page.focus("#max-error")
    page.keyboard.press("ArrowRight")
    settle(page)
    assert figures(page)["Setting"] == ["near-lossless"]
    assert complaints == []


def test_looks_of_the_same_file(page: Any, photo: Path, complaints: list[str]) -> None:
    load(page, photo)
    page.click("#options summary")
    exact = figures(page)
    seen = [exact["PSNR"][0]]
    for act in (lambda: (page.focus("#look"), page.keyboard.press("End")), lambda: page.check("#preview")):
        act()
        settle(page)
        assert figures(page)["Rate"] == exact["Rate"]
        seen.append(figures(page)["PSNR"][0])
    assert len(set(seen)) == 3
    assert page.is_disabled("#look")
    saved(page, "#save")  # a look is no setting of a file
    page.select_option("#codec", "factorised")
    settle(page)
    assert page.is_hidden("#look-field")
    assert complaints == []


def test_several_pictures_at_once(page: Any, photo: Path, tmp_path: Path, complaints: list[str]) -> None:
    (tmp_path / "other").mkdir()
    twin = Path(shutil.copy(photo, tmp_path / "other" / photo.name))
    page.set_input_files("#file", [str(photo), str(twin)])
    page.wait_for_selector("#save:not([disabled])", timeout=WAIT)
    assert page.locator("#pictures button").count() == 2
    name, data = saved(page, "#save-all")
    assert name == "pictures.zip"
    with zipfile.ZipFile(io.BytesIO(data)) as archive:
        assert archive.testzip() is None
        assert archive.namelist() == ["my photo.lpx", "my photo (2).lpx"]
        assert latentpress.decompress(archive.read("my photo (2).lpx")).width == 256
    page.click("#pictures button:nth-child(2)")
    settle(page)
    assert page.get_attribute("#pictures button:nth-child(2)", "aria-pressed") == "true"
    assert complaints == []


def test_the_original_is_there_at_once(page: Any, photo: Path) -> None:
    page.route("**/preview*", lambda route: None)  # a service that takes its time
    page.set_input_files("#file", str(photo))
    page.wait_for_selector("#viewer:not([hidden])", timeout=WAIT)
    colours = "() => { const c = document.querySelector('#frame canvas'); "
    colours += "return new Set(c.getContext('2d').getImageData(0, 0, c.width, c.height).data).size; }"
    page.wait_for_function(f"({colours})() > 50")
    assert page.inner_text(".lp-label.left") == "Original"


def test_a_jpeg_is_cleaned_up(page: Any, crop: Image, tmp_path: Path, complaints: list[str]) -> None:
    path = tmp_path / "old.jpg"
    crop.to_pillow().save(path, quality=20)
    load(page, path)
    page.check("input[value=restore]", force=True)
    settle(page)
    assert page.inner_text("#size") == "JPEG quality 20"
    name, data = saved(page, "#save")
    assert name == "old.png"
    right = latentpress.restore(path).image.pixels
    assert np.abs(read(io.BytesIO(data)).pixels.astype(int) - right).max() <= 1
    assert page.is_hidden("#codec")
    assert complaints == []


def test_an_lpx_file_is_restored(page: Any, tmp_path: Path, crop_lpx: bytes, complaints: list[str]) -> None:
    path = tmp_path / "old.lpx"
    path.write_bytes(crop_lpx)
    load(page, path)
    assert page.inner_text("#name").startswith("old.lpx, restored")
    assert complaints == []


def test_what_is_no_picture_is_explained(page: Any, tmp_path: Path) -> None:
    path = tmp_path / "notes.png"
    path.write_text("not a picture", encoding="utf-8")
    page.set_input_files("#file", str(path))
    page.wait_for_selector("#message.error", timeout=WAIT)
    assert "not a picture file" in page.inner_text("#message")


def test_what_is_no_picture_takes_no_place(page: Any, photo: Path, tmp_path: Path) -> None:
    load(page, photo)
    path = tmp_path / "notes.png"
    path.write_text("not a picture", encoding="utf-8")
    page.set_input_files("#file", str(path))
    page.wait_for_selector("#message.error", timeout=WAIT)
    page.wait_for_selector("#save:not([disabled])", timeout=WAIT)
    page.focus("#rate")
    page.keyboard.press("Home")
    page.wait_for_selector("#message", state="hidden", timeout=WAIT)
    assert page.inner_text("#name").startswith("my photo.png")
    assert figures(page)["Setting"] == ["quality 0"]


def test_dropping_and_a_telephone(browser: Any, address: str, crop_png: bytes) -> None:
    page = browser.new_page(viewport={"width": 390, "height": 844}, has_touch=True, color_scheme="dark")
    try:
        page.goto(address)
        page.wait_for_selector("#codec:not([disabled])", timeout=WAIT)
        transfer = page.evaluate_handle(
            """(bytes) => { const t = new DataTransfer();
            t.items.add(new File([new Uint8Array(bytes)], "dropped.png", { type: "image/png" })); return t; }""",
            list(crop_png),
        )
        page.dispatch_event("#drop", "drop", {"dataTransfer": transfer})
        page.wait_for_selector("#save:not([disabled])", timeout=WAIT)
        assert page.inner_text("#name").startswith("dropped.png")
        assert page.evaluate("document.documentElement.scrollWidth") <= 390
    finally:
        page.close()
