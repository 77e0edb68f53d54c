"""The two pictures of the report page in the documentation, taken from a report in headless Chromium.

    python benchmarks/screenshots.py results/report.html

writes report-rd.png (the curves) and report-slider.png (the picture view) into docs/images, or into the folder given as
a second argument. Needs Playwright (pip install playwright) and Chromium.
"""

from __future__ import annotations

import argparse
import io
import shutil
from pathlib import Path
from urllib.parse import urlencode

from PIL import Image
from playwright.sync_api import Page, sync_playwright

LARGEST = 250_000  # bytes of a picture in the documentation
VIEW = {"width": 1120, "height": 900}
MARGIN = 16


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    arguments.add_argument("report", type=Path, help="page that latentpress bench wrote")
    arguments.add_argument("out", type=Path, nargs="?", default=Path(__file__).parents[1] / "docs" / "images")
    arguments.add_argument("--picture", default="kodim23")
    arguments.add_argument("--target", default="0.25 bpp")
    arguments.add_argument("--left", default="jpeg-420")
    arguments.add_argument("--right", default="hyperprior")
    given = arguments.parse_args()
    chromium = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if chromium is None:
        raise SystemExit("there is no Chromium here: install the package chromium")
    given.out.mkdir(parents=True, exist_ok=True)
    state = {name: getattr(given, name) for name in ("picture", "target", "left", "right")}
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        page = browser.new_page(viewport=VIEW, color_scheme="light", reduced_motion="reduce")
        page.goto(f"{given.report.resolve().as_uri()}#{urlencode(state)}")
        page.wait_for_selector("#slider[data-ready]")
        page.wait_for_timeout(500)
        page.evaluate("scrollTo(0, 0)")  # a link to a picture scrolls there, and boxes count from the window's edge
        shoot(page, "#curves", given.out / "report-rd.png")
        shoot(page, "#pictures", given.out / "report-slider.png", last=".cards")
        browser.close()


def shoot(page: Page, section: str, path: Path, last: str = "") -> None:
    """Save a section of the page, or its part down to ``last``, small enough for the documentation."""
    box = page.locator(section).bounding_box()
    end = page.locator(last).bounding_box() if last else box
    if box is None or end is None:
        raise SystemExit(f"the page has no {last or section}")
    box["height"] = end["y"] + end["height"] + MARGIN - box["y"]
    box["y"] += MARGIN  # below the line that parts it from what comes before
    box["height"] -= MARGIN
    box["x"] -= MARGIN
    box["width"] += 2 * MARGIN
    data = page.screenshot(clip=box, full_page=True)
    picture = Image.open(io.BytesIO(data)).convert("RGB")
    for colours in (0, 256, 128, 64, 32):
        stream = io.BytesIO()
        drawn = picture
        if colours:
            palette = picture.quantize(colours, Image.Quantize.MEDIANCUT)
            drawn = picture.quantize(palette=palette, dither=Image.Dither.FLOYDSTEINBERG)
        drawn.save(stream, "PNG", optimize=True)
        if len(stream.getvalue()) <= LARGEST:
            break
    else:
        raise SystemExit(f"{path.name} does not fit into {LARGEST:,} bytes")
    path.write_bytes(stream.getvalue())
    print(f"{path}: {picture.width}x{picture.height}, {len(stream.getvalue()):,} bytes, {colours or 'all'} colours")


if __name__ == "__main__":
    main()
