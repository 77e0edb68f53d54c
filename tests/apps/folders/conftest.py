"""Folders of small pictures to work on, and a codec that can be held up."""

from __future__ import annotations

import os
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest

from latentpress.apps import folders
from latentpress.image import Image, read, write
from latentpress.jobs import InProcess
from latentpress.jobs.record import RECORD

GATED = Path(__file__).parents[2] / "jobs" / "plugin"


@pytest.fixture(autouse=True)
def room(plugin: None, monkeypatch: pytest.MonkeyPatch, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Install the gated codec too; gives the room where it can be met."""
    monkeypatch.syspath_prepend(str(GATED))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(GATED), os.environ["PYTHONPATH"]]))
    monkeypatch.setenv("GATED_ROOM", str(path := tmp_path_factory.mktemp("room")))
    return path


@pytest.fixture
def here(monkeypatch: pytest.MonkeyPatch) -> None:
    """Do the work in this process: quicker than to start others."""
    monkeypatch.setattr(folders, "_executor", lambda *_: InProcess())


def make_pictures(folder: Path, widths: Iterable[int]) -> dict[str, Image]:
    """PNG files ``p20.png`` and so on, one of each width, every other one in a folder ``sub``."""
    (folder / "sub").mkdir(parents=True, exist_ok=True)
    made = {}
    for width in widths:
        name = f"{'sub/' if width % 2 else ''}p{width}.png"
        made[name] = Image(np.random.default_rng(width).integers(0, 256, (8, width, 3), np.uint8))
        write(made[name], folder / name)
    return made


def tree(folder: Path) -> dict[str, bytes]:
    """Every file but the record."""
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file() and path.name != RECORD
    }


@pytest.fixture
def source(tmp_path: Path) -> Path:
    """Three pictures, two of them with one name, and a text."""
    make_pictures(tmp_path / "in", (20, 21))
    read(tmp_path / "in" / "p20.png").to_pillow().save(tmp_path / "in" / "p20.jpg")
    (tmp_path / "in" / "notes.txt").touch()
    return tmp_path / "in"
