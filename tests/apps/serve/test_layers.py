"""Files that the service hands out: whole, by layers, and on the page while they arrive over a slow connection."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest

import latentpress
from latentpress.image import Image, read

EXAMPLE = Path(__file__).parents[3] / "examples" / "macaws.png"
BYTES_A_SECOND = 40_000
WATCH = """
globalThis.labels = new Set();
globalThis.sharpness = [];
new MutationObserver(() => {
  const found = document.body?.innerText.match(/[0-9.]+ KB of [0-9.]+ KB/);
  if (found) labels.add(found[0]);
}).observe(document, { childList: true, subtree: true, characterData: true, attributes: true });
const made = createImageBitmap;
globalThis.createImageBitmap = async (...given) => {
  const image = await made(...given), { width, height } = image;
  const context = new OffscreenCanvas(width, height).getContext("2d");
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, width, height);
  let sum = 0;
  for (let i = 4; i < data.length; i += 4) sum += i / 4 % width ? Math.abs(data[i] - data[i - 4]) : 0;
  sharpness.push(sum / height / (width - 1));
  return image;
};
"""  # what the page says of how much has come, and the mean step of red in the pictures that it shows meanwhile


@pytest.fixture(scope="module")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with a progressive file, one without layers, and things that are not to be handed out."""
    folder = tmp_path_factory.mktemp("shelf") / "files"
    folder.mkdir()
    picture = Image(read(EXAMPLE).pixels[:256, :384].copy())
    (folder / "macaws.lpx").write_bytes(latentpress.compress(picture, progressive=True, size=90_000))
    (folder / "plain.lpx").write_bytes(latentpress.compress(Image(picture.pixels[:40, :40].copy())))
    (folder / "notes.txt").write_text("mine")
    (folder.parent / "outside.lpx").write_bytes(b"mine")
    return folder


@pytest.fixture(scope="module")
def handing(service: Any, shelf: Path) -> Iterator[str]:
    """Address of a service that hands them out."""
    with service(shelf, workers=1) as (url, _):
        yield url


def test_files_and_their_first_layers_are_handed_out(handing: str, shelf: Path) -> None:
    httpx = pytest.importorskip("httpx")
    whole = (shelf / "macaws.lpx").read_bytes()
    with httpx.Client(base_url=handing, timeout=60) as client:
        assert client.get("/files/macaws.lpx").content == whole
        first = client.get("/files/macaws.lpx", params={"layers": 2})
        assert latentpress.inspect(first.content).layers == 2
        with warnings.catch_warnings():
            warnings.simplefilter("error")  # it is whole, as a file of two layers
            assert latentpress.decompress(first.content) == latentpress.decompress(whole, layers=2)
        assert client.get("/files/macaws.lpx", headers={"Range": "bytes=0-99"}).content == whole[:100]
        for path, status, message in (
            ("macaws.lpx?layers=99", 400, "ask for 1 to"),
            ("plain.lpx?layers=1", 400, "not made of layers"),
            ("macaws.lpx?layers=0", 422, "layers"),
            ("macaws.lpx?format=png", 422, "no parameter 'format'"),
            ("missing.lpx", 404, "no file"),
            ("notes.txt", 404, "no file"),
            ("..%2Foutside.lpx", 404, ""),
            ("", 404, ""),
        ):
            answer = client.get(f"/files/{path}")
            assert answer.status_code == status, path
            assert message in answer.json()["error"]


def test_without_a_folder_there_are_no_files(client: Any) -> None:
    assert client.get("/files/macaws.lpx").status_code == 404


def test_the_page_sharpens_a_picture_while_it_arrives(browser: Any, handing: str, shelf: Path) -> None:
    page = browser.new_page(viewport={"width": 900, "height": 700})
    try:
        page.add_init_script(WATCH)
        network = page.context.new_cdp_session(page)
        network.send("Network.enable")
        slow = {"offline": False, "latency": 20, "downloadThroughput": BYTES_A_SECOND, "uploadThroughput": 1e7}
        network.send("Network.emulateNetworkConditions", slow)
        page.goto(f"{handing}/?file=macaws.lpx", wait_until="commit")
        page.get_by_text("macaws.lpx, restored").first.wait_for(timeout=60_000)
        assert page.evaluate("labels.size") >= 1
        whole = latentpress.decompress((shelf / "macaws.lpx").read_bytes()).pixels[..., 0].astype(float)
        seen = page.evaluate("sharpness")
        assert len(seen) >= 1
        assert seen == sorted(seen)
        assert seen[0] < 0.95 * np.abs(np.diff(whole, axis=1)).mean()
    finally:
        page.close()
