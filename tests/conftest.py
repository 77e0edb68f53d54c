"""Pictures that every test can have: small, most made by NumPy from fixed seeds, the same on every machine."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import PIL.Image
import pytest
from numpy.typing import NDArray

from latentpress.image import Image, read
from latentpress.models import ModelPackage, find_model, package_digest

if TYPE_CHECKING:
    from latentpress.training.plan import Plan

EXAMPLE = Path(__file__).parents[1] / "examples" / "macaws.png"
TINY = Path(__file__).parent / "systems" / "tiny"
Make = Callable[..., Image]

# (height, width): the smallest picture, a thin one, and sizes just off the block sizes of a codec.
SIZES = [(1, 1), (1, 7), (7, 1), (16, 16), (63, 65)]


def make_pixels(height: int, width: int, channels: int = 3, seed: int = 0) -> NDArray[np.uint8]:
    """A slanted gradient, a bright disc with a sharp edge, and a little noise: uint8 (height, width, channels)."""
    rng = np.random.default_rng([seed, height, width, channels])
    y, x = np.mgrid[0:height, 0:width].astype(np.float64)
    slope = rng.uniform(-1.0, 1.0, (2, channels))
    planes = 128 + 80 * (x[..., None] / width * slope[0] + y[..., None] / height * slope[1])
    inside = (x - 0.6 * width) ** 2 + (y - 0.4 * height) ** 2 < (0.25 * min(height, width)) ** 2
    planes = np.where(inside[..., None], planes + rng.uniform(20, 60, channels), planes)
    planes += rng.normal(0, 3, planes.shape)
    return np.clip(np.rint(planes), 0, 255).astype(np.uint8)


@pytest.fixture
def picture() -> Callable[..., Image]:
    """Factory: ``picture(height, width, channels=3, seed=0)`` gives an `Image`."""

    def make(height: int, width: int, channels: int = 3, seed: int = 0) -> Image:
        return Image(make_pixels(height, width, channels, seed))

    return make


@pytest.fixture
def rgb() -> Image:
    """An RGB picture, 65 wide and 63 high."""
    return Image(make_pixels(63, 65))


@pytest.fixture
def gray() -> Image:
    """A gray picture, 65 wide and 63 high."""
    return Image(make_pixels(63, 65, channels=1))


@pytest.fixture(params=[(h, w, c) for h, w in SIZES for c in (1, 3)], ids=lambda p: f"{p[1]}x{p[0]}x{p[2]}")
def any_picture(request: pytest.FixtureRequest) -> Image:
    """Each of the sizes in gray and in RGB, one after another."""
    return Image(make_pixels(*request.param))


@pytest.fixture(scope="session")
def photograph() -> Image:
    """A part of the example picture, 256 wide and 192 high."""
    return Image(read(EXAMPLE).pixels[100:292, 200:456].copy())


@pytest.fixture(scope="session")
def make() -> Make:
    """Factory: ``make(height, width, channels, depth, seed)``, slopes, an edge and noise over the whole range."""

    def build(height: int, width: int, channels: int = 3, depth: int = 8, seed: int = 0) -> Image:
        rng = np.random.default_rng([seed, height, width, channels, depth])
        y, x = np.mgrid[0:height, 0:width]
        planes = [0.2 + 0.6 * (x + 3 * c) / (width + 9) + 0.2 * (y > height // 2) for c in range(channels)]
        samples = np.clip(np.stack(planes, axis=2) + rng.normal(0, 0.01, (height, width, channels)), 0, 1)
        if channels in (2, 4):
            samples[:, :, -1] = np.clip((x - width / 4) / (width / 3), 0, 1)
        kind = np.uint8 if depth == 8 else np.uint16
        return Image(np.rint(samples * (2**depth - 1)).astype(kind), depth)

    return build


@pytest.fixture(scope="module")
def browser() -> Iterator[Any]:
    """A headless Chromium, or a skip that says what is missing. Of a module: while it runs, asyncio has its loop."""
    playwright = pytest.importorskip("playwright.sync_api", reason="needs Playwright: pip install playwright")
    path = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if path is None:
        pytest.skip("needs Chromium: apt install chromium")
    with playwright.sync_playwright() as tools:
        started = tools.chromium.launch(executable_path=path, args=["--no-sandbox"])
        yield started
        started.close()


@pytest.fixture(scope="session")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of four pictures to train on."""
    path = tmp_path_factory.mktemp("pictures")
    rng = np.random.default_rng(0)
    for i in range(4):
        smooth = np.cumsum(np.cumsum(rng.normal(size=(160, 176, 3)), axis=0), axis=1)
        pixels = 128 + 40 * smooth / smooth.std() + rng.normal(0, 4, smooth.shape)
        PIL.Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path / f"{i}.png")
    return path


@pytest.fixture
def own_model(tmp_path: Path) -> Path:
    """The folder of a model for `hyperprior` that is installed nowhere: the quick one with another id."""
    shipped = find_model("hyperprior", name="hyperprior-2-fast")
    folder = Path(shutil.copytree(shipped.folder, tmp_path / "own"))
    card = {**shipped.card, "name": "own", "config": {**shipped.config, "note": str(tmp_path)}}
    card["sha256"] = package_digest("hyperprior", card["config"], shipped.files).hex()
    (folder / "card.json").write_text(json.dumps(card))
    return folder


@pytest.fixture(scope="session")
def photos(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of two small pictures, for networks that walk over each pixel."""
    path = tmp_path_factory.mktemp("photos")
    rng = np.random.default_rng(0)
    for i in range(2):
        smooth = np.cumsum(np.cumsum(rng.normal(size=(130, 132, 3)), axis=0), axis=1)
        pixels = 128 + 40 * smooth / smooth.std() + rng.normal(0, 4, smooth.shape)
        PIL.Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)).save(path / f"{i}.png")
    return path


@pytest.fixture(scope="session")
def tiny() -> Plan:
    """The hyperprior's recipe for a run that takes a second."""
    from latentpress.training.plan import load_plan

    return load_plan(TINY / "hyperprior.toml")


@pytest.fixture(scope="session")
def checkpoint(tiny: Plan, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The checkpoint of a whole tiny run: weights that have moved, and learnt next to nothing."""
    from latentpress.training.run import train

    return train(tiny, folder, run=tmp_path_factory.mktemp("run"), threads=1, report=lambda line: None)


@pytest.fixture(scope="session")
def package(checkpoint: Path, folder: Path, tmp_path_factory: pytest.TempPathFactory) -> ModelPackage:
    """The model package of that checkpoint."""
    from latentpress.training.export import export

    return ModelPackage(export(checkpoint, tmp_path_factory.mktemp("models") / "tiny", name="tiny", data=folder))
