"""What tests of jobs share: importable functions and codecs for worker processes."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np
import pytest

import latentpress
from latentpress.image import Image, write

SOURCE = Path(latentpress.__file__).parents[1]
PATHS = [Path(__file__).parent / "plugin", Path(__file__).parents[1] / "plugin"]


@pytest.fixture(autouse=True)
def plugins(monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the packages in the two ``plugin`` folders here and in processes that a test starts; the gates' room."""
    for path in PATHS:
        monkeypatch.syspath_prepend(str(path))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(map(str, [*PATHS, SOURCE])))
    room = tmp_path_factory.mktemp("room")
    monkeypatch.setenv("GATED_ROOM", str(room))
    return room


@pytest.fixture
def pictures() -> Callable[[Path, Iterable[int]], None]:
    """``pictures(folder, widths)``: PNG files ``p20.png`` and so on, one of each width, 8 pixels high."""

    def make(folder: Path, widths: Iterable[int]) -> None:
        folder.mkdir(parents=True, exist_ok=True)
        for width in widths:
            pixels = np.random.default_rng(width).integers(0, 256, (8, width, 3), np.uint8)
            write(Image(pixels), folder / f"p{width}.png")

    return make
