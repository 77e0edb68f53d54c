"""The page in a real browser: it draws, it answers, it remembers, and it asks nobody for anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pytest

from latentpress.bench.report import Entry, measure_coded, write_comparison, write_report
from latentpress.bench.results import Run
from latentpress.bench.summary import summarise

from .conftest import EVIL, Bench, scene

READY = "#slider[data-ready]"
WAIT = 120_000
# The page's own timers run in their order: the address is written 150 ms after a change, and drawing takes a frame.
SETTLED = """() => new Promise((done) => setTimeout(() =>
    requestAnimationFrame(() => requestAnimationFrame(() => done())), 200))"""


class Tab:
    """A page of the report, and all that it complained about or asked for."""

    def __init__(self, browser: Any, path: Path, state: str = "", ready: str = READY, **context: Any) -> None:
        self.page = browser.new_page(**({"viewport": {"width": 1200, "height": 900}} | context))
        self.page.set_default_timeout(WAIT)
        self.ready = ready
        self.complaints: list[str] = []
        # Chromium advises on tests that read a canvas; the page itself reads none twice.
        self.page.on("console", lambda m: "willReadFrequently" in m.text or self.complaints.append(m.text))
        self.page.on("pageerror", lambda error: self.complaints.append(str(error)))
        self.page.on("request", lambda request: self.complaints.append(request.url))
        self.page.on("dialog", lambda dialog: self.complaints.append("a dialog"))
        self.page.goto(path.as_uri() + (f"#{state}" if state else ""))
        self.page.wait_for_selector(ready)
        self.settle()

    def settle(self) -> None:
        """Wait for pictures, for drawing, and for the address, however busy the machine is."""
        if self.ready == READY:
            self.page.wait_for_selector(READY, timeout=WAIT)
        self.page.evaluate(SETTLED)

    def pixels(self) -> str:
        """What the slider has drawn."""
        self.settle()
        return self.page.evaluate("document.querySelector('#slider canvas').toDataURL()")

    def state(self) -> dict[str, str]:
        """What the address says."""
        self.settle()
        return {key: values[0] for key, values in parse_qs(self.page.evaluate("location.hash.slice(1)")).items()}

    def value(self, name: str) -> Any:
        return self.page.input_value(f"#{name}")


@pytest.fixture
def tab(browser: Any, report: Path) -> Iterator[Tab]:
    tab = Tab(browser, report)
    yield tab
    assert tab.complaints == [report.as_uri()]  # the page itself, and nothing else
    tab.page.close()


def test_it_draws_everything(tab: Tab) -> None:
    page = tab.page
    assert page.locator("#rd-plot .series").count() == 3
    assert page.locator("#rd-plot .dashed").count() == 1
    assert page.locator("#rd-plot .mark").count() == 8
    assert page.locator("#time-plot .mark").count() == 2
    assert page.locator("#bd-table tbody tr").count() == 3
    assert page.locator("#lossless-table tbody tr").count() == 1
    assert "vvc" in page.inner_text("#run-table")
    assert "not <here>" in page.inner_text("#run-table")
    drawn = page.evaluate(
        """() => { const c = document.querySelector("#slider canvas");
        return new Set(c.getContext("2d").getImageData(0, 0, c.width, c.height).data).size; }"""
    )
    assert drawn > 50


def test_the_divider_moves(tab: Tab) -> None:
    frame = tab.page.locator("#slider")
    frame.scroll_into_view_if_needed()
    tab.settle()
    before = frame.screenshot()
    box = frame.bounding_box()
    middle = box["y"] + box["height"] / 2
    tab.page.mouse.move(box["x"] + box["width"] / 2, middle)
    tab.page.mouse.down()
    tab.page.mouse.move(box["x"] + box["width"] * 0.25, middle, steps=4)
    tab.page.mouse.up()
    tab.settle()
    assert frame.screenshot() != before
    assert float(tab.state()["split"]) == pytest.approx(0.25, abs=0.01)
    assert tab.page.get_attribute("#slider", "aria-valuenow") == "25"


def test_each_side_shows_its_picture(browser: Any, tmp_path: Path) -> None:
    white, black = scene(1) // 2 + 128, scene(1) // 2
    entries = [Entry(name, measure_coded(white, b"x", pixels)) for name, pixels in (("w", white), ("b", black))]
    page = tmp_path / "page.html"
    write_comparison(Entry("reference", measure_coded(white, b"x", white)), entries, page)
    sample = """([x, y]) => { const c = document.querySelector("#slider canvas");
        return c.getContext("2d").getImageData(x * c.width, y * c.height, 1, 1).data[0]; }"""
    tab = Tab(browser, page, "left=w&right=b&split=0.4")
    assert tab.page.evaluate(sample, [0.38, 0.5]) >= 128 > tab.page.evaluate(sample, [0.42, 0.5])
    tab.page.click("#swap")
    tab.settle()
    assert tab.page.evaluate(sample, [0.38, 0.5]) < 128 <= tab.page.evaluate(sample, [0.42, 0.5])
    # |white - black| is 128 everywhere: amplified once it is that, twice it is full.
    for gain, level in ((1, 128), (2, 255)):
        shown = Tab(browser, page, f"left=w&right=b&mode=difference&gain={gain}")
        assert shown.page.evaluate(sample, [0.5, 0.5]) == level
        shown.page.close()
    assert tab.complaints == [page.as_uri()]
    assert tab.page.is_hidden("#curves")
    tab.page.close()


def test_coders_can_be_switched(tab: Tab) -> None:
    page = tab.page
    page.uncheck("#legend input[value='jpeg2000']")
    assert page.locator("#rd-plot .series").count() == 2
    assert page.evaluate("document.activeElement.value") == "jpeg2000"
    page.uncheck("#legend input[value='all published']")
    assert page.locator("#rd-plot .dashed").count() == 0
    assert "jpeg2000" in tab.state()["off"]
    page.check("#legend input[value='jpeg2000']")
    assert page.locator("#rd-plot .series").count() == 2
    assert page.is_hidden("#published-about") == (page.locator("#legend .dashed").count() == 0)
    before = page.inner_html("#rd-plot svg")
    page.get_by_label("MS-SSIM", exact=True).check()
    assert page.inner_html("#rd-plot svg") != before
    page.select_option("#curves-of", EVIL)
    assert EVIL in page.get_attribute("#rd-plot svg", "aria-label")
    shown = tab.pixels()
    page.select_option("#left", "original")
    page.select_option("#target", "32 dB PSNR")
    assert tab.pixels() != shown
    assert "176 pixels" in page.inner_text("#left-card")
    assert tab.state()["metric"] == "ms-ssim-db"


def test_values_show_on_hover_and_by_keyboard(tab: Tab) -> None:
    page = tab.page
    page.locator("#rd-plot .mark").first.hover()
    assert "jpeg-420" in page.inner_text("#rd-plot .tip")
    assert "bpp" in page.inner_text("#rd-plot .tip")
    page.mouse.move(5, 5)
    assert page.is_hidden("#rd-plot .tip")
    page.focus("#rd-plot svg")
    page.keyboard.press("ArrowRight")
    first = page.inner_text("#rd-plot .tip")
    page.keyboard.press("ArrowRight")
    assert page.inner_text("#rd-plot .tip") != first
    page.keyboard.press("ArrowDown")
    assert "jpeg2000" in page.inner_text("#rd-plot [aria-live]")


def test_tables_sort(tab: Tab) -> None:
    def names() -> list[str]:
        return tab.page.locator("#bd-table tbody th").all_inner_texts()

    first = names()
    tab.page.locator("#bd-table thead button").nth(1).click()
    assert names() == first[::-1]
    tab.page.keyboard.press("Enter")  # the focus stays on the heading
    assert names() == first
    assert tab.page.locator("#bd-table [aria-sort=ascending]").count() == 1


def test_the_picture_zooms(tab: Tab) -> None:
    page = tab.page
    page.locator("#slider").scroll_into_view_if_needed()
    page.wait_for_timeout(400)  # the wheel belongs to the page while that is being scrolled
    before = tab.pixels()
    box = page.locator("#slider").bounding_box()
    page.mouse.move(box["x"] + 50, box["y"] + 50)
    page.mouse.wheel(0, -400)
    zoomed = tab.pixels()
    assert zoomed != before
    assert "zoom" in tab.state()
    page.mouse.move(box["x"] + 60, box["y"] + 100)
    page.mouse.down()
    page.mouse.move(box["x"] + 20, box["y"] + 60, steps=3)
    page.mouse.up()
    assert tab.pixels() != zoomed
    page.click("#zoom-fit")
    assert tab.pixels() == before
    page.click("#zoom-in")
    assert page.inner_text("#zoom") != "100 %"


def test_all_of_the_slider_by_keyboard(tab: Tab) -> None:
    page = tab.page
    page.focus("#slider")
    start = tab.pixels()
    seen = {start}
    for keys, expected in (
        (["ArrowLeft"] * 5, {"split": "0.45"}),
        (["PageUp"], {"split": "0.55"}),
        (["End"], {"split": "1"}),
        (["Home"], {"split": "0"}),
        (["d"], {"mode": "difference"}),
        (["+", "Shift+ArrowRight"], {"mode": "difference"}),
    ):
        for key in keys:
            page.keyboard.press(key)
        assert expected.items() <= tab.state().items()
        picture = tab.pixels()
        assert picture not in seen
        seen.add(picture)
    page.keyboard.press("0")
    page.keyboard.press("d")
    page.focus("#mode input:checked")
    page.keyboard.press("ArrowRight")
    assert tab.state()["mode"] == "difference"
    page.keyboard.press("ArrowLeft")  # the focus is still there
    assert "mode" not in tab.state()
    page.focus("#slider")
    left = tab.value("left")
    page.keyboard.press("x")
    tab.settle()
    assert tab.value("right") == left
    page.keyboard.press("n")
    tab.settle()
    assert tab.value("picture") == EVIL
    assert page.evaluate("document.activeElement.id") == "slider"
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.id") != "slider"


def test_a_link_opens_the_same_view(browser: Any, report: Path, tab: Tab) -> None:
    page = tab.page
    page.get_by_label("MS-SSIM", exact=True).check()
    page.uncheck("#legend input[value='jpeg2000']")
    page.select_option("#picture", EVIL)
    page.select_option("#target", "32 dB PSNR")
    page.select_option("#left", "jpeg2000")
    page.select_option("#right", "original")
    page.wait_for_selector(READY)
    page.click("#zoom-in")
    page.focus("#slider")
    for key in ("ArrowLeft", "ArrowLeft", "Shift+ArrowRight"):
        page.keyboard.press(key)
    tab.settle()
    shown = tab.pixels()
    link = page.evaluate("location.hash.slice(1)")
    other = Tab(browser, report, link)
    assert other.pixels() == shown
    names = ("picture", "target", "left", "right")
    assert [other.value(name) for name in names] == [tab.value(name) for name in names]
    assert not other.page.is_checked("#legend input[value='jpeg2000']")
    assert other.page.get_by_label("MS-SSIM", exact=True).is_checked()
    assert other.page.evaluate("location.hash.slice(1)") == link
    other.page.close()


@pytest.mark.parametrize(
    "state",
    [
        "picture=none&left=none&right=%00&target=9",
        "zoom=NaN&split=1e9&x=-5&gain=7&mode=x",
        "off={&metric=x&curves=y",
        "%",
    ],
)
def test_a_wrong_link_opens_the_usual_view(browser: Any, report: Path, state: str) -> None:
    tab = Tab(browser, report, state)
    assert tab.complaints == [report.as_uri()]
    assert tab.page.locator("#rd-plot .series").count() == 3
    assert tab.value("picture") == "first"
    tab.page.close()


def test_pages_without_pictures_or_curves(browser: Any, bench: Bench, tmp_path: Path) -> None:
    header = bench.run.header
    lossless = replace(header, coders={"png": header.coders["png"]})
    run = Run(lossless, tuple(point for point in bench.run.points if point.coder == "png"))
    pages = {"bare": (bench.run, bench.summary, {}), "lossless": (run, summarise(run), bench.pictures)}
    for name, (found, summary, pictures) in pages.items():
        path = tmp_path / f"{name}.html"
        write_report(found, summary, pictures, path, targets=())
        tab = Tab(browser, path, "picture=first&left=png", ready="#run-table table")
        assert tab.complaints == [path.as_uri()]
        assert tab.page.is_hidden("#pictures")
        assert tab.page.is_hidden("#curves") == (name == "lossless")
        assert tab.page.is_visible("#lossless-table")
        tab.page.close()


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_phones_and_dark_rooms(browser: Any, report: Path, scheme: str) -> None:
    tab = Tab(
        browser,
        report,
        viewport={"width": 360, "height": 740},
        device_scale_factor=3,
        has_touch=True,
        color_scheme=scheme,
    )
    assert tab.page.evaluate("document.documentElement.scrollWidth") <= 360
    before = tab.pixels()
    tab.page.locator("#slider").tap(position={"x": 60, "y": 60})
    assert tab.pixels() != before
    dark = tab.page.evaluate("getComputedStyle(document.body).backgroundColor") != "rgb(255, 255, 255)"
    assert dark == (scheme == "dark")
    tab.page.close()


def test_everything_has_a_name(tab: Tab) -> None:
    nameless = tab.page.evaluate(
        """() => [...document.querySelectorAll("button, select, input, svg:not([aria-hidden]), [role]")].filter((one) =>
        one.checkVisibility() && !(one.ariaLabel || one.textContent.trim() || (one.labels && one.labels.length)))
        .map((one) => one.outerHTML.slice(0, 80))"""
    )
    assert nameless == []
    ids = tab.page.evaluate("[...document.querySelectorAll('[id]')].map((one) => one.id)")
    assert len(ids) == len(set(ids))
