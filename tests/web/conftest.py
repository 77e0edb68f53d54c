"""Files that the decoder in the browser is held against the library with, and where it is found."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress.image import Image

from ..conftest import EXAMPLE, Make

WEB = Path(__file__).parents[2] / "web"
BUILT = Path(__file__).parents[2] / "docs" / "web"
GOLDEN = Path(__file__).parents[1] / "golden"
NODE = shutil.which("node")
BUILD = "the page is not built: make web"


@pytest.fixture(scope="session")
def streams(tmp_path_factory: pytest.TempPathFactory, make: Make) -> Path:
    """A folder of files of every mode that the golden ones lack: tiles, depths, regions, metadata, escapes."""
    folder = tmp_path_factory.mktemp("streams")
    photo = latentpress.read_image(EXAMPLE)
    noise = np.random.default_rng(3).integers(0, 256, (48, 80, 3), np.uint8)
    pictures = {
        # wider than one tile: two tiles of 64 latents and a sliver, with seams that must not show
        "tiles": (Image(np.tile(photo.pixels[:100], (1, 3, 1))[:, :1600]), {"quality": 30}),
        "gray-12": (make(70, 90, 1, 12), {"quality": 70}),
        "rgb-16": (make(60, 100, 3, 16), {"quality": 90}),
        "region": (Image(photo.pixels[:160, :240]), {"quality": 40, "roi": [(40, 30, 60, 50)]}),
        "escapes": (Image(noise), {"quality": 100}),
        "metadata": (Image(photo.pixels[:64, :96]).with_metadata(photo.metadata), {"quality": 60}),
    }
    for name, (picture, settings) in pictures.items():
        (folder / f"{name}.lpx").write_bytes(latentpress.compress(picture, **settings))
    return folder


@pytest.fixture(scope="session")
def decode() -> Callable[..., str]:
    """Runs web/decode.mjs and gives what it prints."""
    if NODE is None:
        pytest.skip("needs Node.js")
    if not (WEB / "node_modules" / "onnxruntime-web").is_dir():
        pytest.skip(BUILD)

    def run(out: Path, *files: Path) -> str:
        shelves = {str(package.folder.parent) for package in latentpress.models.installed_models("hyperprior")}
        command = [str(NODE), str(WEB / "decode.mjs"), ",".join(shelves), str(out), *map(str, files)]
        done = subprocess.run(command, capture_output=True, text=True, timeout=600)
        assert done.returncode == 0, done.stderr
        return done.stdout

    return run
