"""Files that the decoder in the browser is held against the library with, and where it is found."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from PIL import Image as PillowImage

import latentpress
from latentpress.image import Image

from ..conftest import EXAMPLE, Make

WEB = Path(__file__).parents[2] / "web"
BUILT = Path(__file__).parents[2] / "docs" / "web"
GOLDEN = Path(__file__).parents[1] / "golden"
CONFORMANCE = Path(__file__).parents[2] / "conformance"
NODE = shutil.which("node")
BUILD = "the page is not built: make web"


def png(path: Path, deep: bool = False) -> tuple[NDArray[Any], tuple[bytes, ...]]:
    """Samples (H, W, C) of a PNG file, and its colour profile, EXIF and XMP as they stand there, sensible or not."""
    with PillowImage.open(path) as picture:
        picture.load()
        info = picture.info
        pixels = np.asarray(picture)
    blocks = info.get("icc_profile", b""), info.get("exif", b"").removeprefix(b"Exif\0\0"), info.get("xmp", b"")
    if deep:  # Pillow would cut them to 8 bits
        pixels = latentpress.read_image(path).pixels
    return pixels.reshape(*pixels.shape[:2], -1), blocks


@pytest.fixture(scope="session")
def streams(tmp_path_factory: pytest.TempPathFactory, make: Make) -> Path:
    """A folder of files of kinds that neither the golden ones nor the conformance set have."""
    folder = tmp_path_factory.mktemp("streams")
    photo, rng = latentpress.read_image(EXAMPLE), np.random.default_rng(3)
    shapes = np.kron(rng.integers(0, 2, (6, 9), np.uint8) * 255, np.ones((11, 10), np.uint8))
    waves = np.add.outer(np.sin(np.arange(70) / 9), np.cos(np.arange(1050) / 23))
    soft = np.clip(128 + 50 * waves + rng.normal(0, 2, waves.shape), 0, 255).astype(np.uint8)
    steps = np.kron(rng.integers(0, 2**16, (3, 3)), np.ones((40, 50))).astype(np.uint16)
    pictures = {
        # wider than one tile: two tiles of 64 latents, with a seam that must not show
        "tiles": (Image(np.tile(photo.pixels[:100], (1, 3, 1))[:, :1600]), 30),
        "escapes": (Image(rng.integers(0, 256, (48, 80, 3), np.uint8)), 100),
        "alpha-flat": (Image(np.dstack([make(66, 90).pixels, np.full((66, 90), 77, np.uint8)])), 40),
        "alpha-shapes": (Image(np.dstack([make(66, 90).pixels, shapes])), 40),
        # wider than a block of alpha, the blocks coded by prediction
        "alpha-soft": (Image(np.dstack([np.tile(make(70, 42).pixels, (1, 25, 1)), soft])), 20),
        "alpha-deep-soft": (Image(np.dstack([make(70, 90, 1, 16).pixels, soft[:, :90] * np.uint16(257) + 99]), 16), 20),
        "alpha-deep": (Image(np.dstack([make(120, 150, 1, 16).pixels, steps]), 16), 40),
    }
    for name, (picture, quality) in pictures.items():
        (folder / f"{name}.lpx").write_bytes(latentpress.compress(picture, quality, codec="hyperprior"))
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
