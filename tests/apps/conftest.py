"""Running the command line, in this process and in one of its own."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner, Result

import latentpress
from latentpress.apps.cli import app
from latentpress.image import Image, write

PLUGIN = Path(__file__).parents[1] / "plugin"
SOURCE = Path(latentpress.__file__).parents[1]


@pytest.fixture(autouse=True)
def plugin(monkeypatch: pytest.MonkeyPatch) -> None:
    """Install the package in tests/plugin, here and in processes that a test starts."""
    monkeypatch.syspath_prepend(str(PLUGIN))
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join([str(PLUGIN), str(SOURCE)]))


@pytest.fixture
def run() -> Callable[..., Result]:
    """``run("compress", path, stdin=b"")``: the command in this process."""

    def call(*arguments: object, stdin: bytes = b"") -> Result:
        return CliRunner().invoke(app, [str(argument) for argument in arguments], input=stdin)

    return call


@pytest.fixture
def process() -> Callable[..., subprocess.CompletedProcess[bytes]]:
    """``process("compress", path, stdin=b"")``: the command in a process of its own."""

    def call(*arguments: object, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
        command = [sys.executable, "-W", "error", "-m", "latentpress", *map(str, arguments)]
        return subprocess.run(command, input=stdin, capture_output=True, timeout=60, check=False)

    return call


@pytest.fixture
def photo(tmp_path: Path, rgb: Image) -> Path:
    """A PNG file of 65 x 63 pixels in a folder of its own."""
    path = tmp_path / "photo.png"
    write(rgb, path)
    return path
