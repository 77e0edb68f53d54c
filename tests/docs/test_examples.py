"""Every example of the documentation and the docstrings works: Python is run, commands are run or, where they train,
measure for minutes, serve or reach elsewhere, parsed.
"""

from __future__ import annotations

import ast
import importlib
import re
import shlex
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import typer.main
from PIL import Image as PillowImage
from typer.testing import CliRunner

import latentpress
from latentpress.apps.cli import app
from latentpress.image import Image

ROOT = Path(__file__).parents[2]
PAGES = sorted([*ROOT.glob("*.md"), *ROOT.glob("docs/*.md"), *ROOT.glob("src/latentpress/systems/*/page.md")])
MODULES = ("latentpress", "latentpress.pillow", "latentpress.imageio", "latentpress.limits", "latentpress.bench.coders")
GROUP: Any = typer.main.get_command(app)
COMMANDS = {name: GROUP.get_command(None, name) for name in GROUP.commands}
RUN = {"thumbnail", "compress", "decompress", "inspect", "restore", "standardise", "codecs"}
NOT_HERE = (
    "--effort",
    "://",
    "/shared",
    "restore old.jpg -o clean.png --model",
)  # seconds of search; not on this machine


def commands() -> dict[str, str]:
    """Where each command line was found first, by the line without its comment."""
    found: list[tuple[str, str]] = []
    for page in PAGES:
        text = re.sub(r"\\\n\s*", " ", page.read_text(encoding="utf-8"))  # lines that go on
        lines = re.findall(r"^    ((?:\w+=\S+ )?latentpress [a-z].*)$", text, re.MULTILINE)
        found += [(line, str(page.relative_to(ROOT))) for line in lines]
    for name, command in COMMANDS.items():
        found += [(line, name) for line in re.findall(r": (latentpress .*)$", command.help or "", re.MULTILINE)]
    lines = {shlex.join(shlex.split(line, comments=True)): place for line, place in reversed(found)}
    return {line: place for line, place in lines.items() if " ... " not in line}  # which say that something is left out


def python_examples() -> Iterator[tuple[str, str]]:
    """Page or module, and the code."""
    for page in PAGES:
        for code in re.findall(r"^```python\n(.*?)^```", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE):
            yield page.name, code
    for name in MODULES:
        text = importlib.import_module(name).__doc__ or ""
        yield name, "".join(re.findall(r"^    (.*\n)", text, re.MULTILINE))


@pytest.fixture(scope="module")
def made(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with everything that the examples speak of."""
    world = tmp_path_factory.mktemp("world")
    with PillowImage.open(ROOT / "examples" / "macaws.png") as picture:
        photo = picture.crop((100, 60, 220, 156)).convert("RGB")
    photo.save(world / "photo.png")
    photo.save(world / "portrait.png")
    photo.resize((40, 32)).save(world / "scan.png")
    photo.convert("L").resize((40, 32)).save(world / "raw.png")
    photo.save(world / "photo.jpg", quality=40)
    (world / "kept.lpx").write_bytes(latentpress.compress(world / "photo.jpg", lossless=True))
    photo.save(world / "old.jpg", quality=20)
    photo.save(world / "scan.tif", save_all=True, append_images=[photo.resize((30, 20))])
    for folder, name in (("photos", "a.png"), ("archive", "b.png"), ("scans", "c.png"), ("album", "d.jpg")):
        (world / folder).mkdir()
        photo.resize((48, 40)).save(world / folder / name)
    (world / "photo.lpx").write_bytes(latentpress.compress(photo))
    (world / "huge.lpx").write_bytes(
        latentpress.compress(Image.from_array(np.full((3600, 4600), 9, np.uint8)), lossless=True)
    )
    (world / "key.txt").write_text("a key")
    (world / "packed").mkdir()
    shutil.copy(world / "photo.lpx", world / "packed" / "a.lpx")
    (world / "models").mkdir()
    (world / "models" / "mine").symlink_to(ROOT / "src" / "latentpress" / "models" / "hyperprior-3")
    return world


@pytest.fixture
def world(made: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of it as the working folder."""
    shutil.copytree(made, tmp_path / "world", symlinks=True)
    monkeypatch.chdir(tmp_path / "world")
    return tmp_path / "world"


@pytest.mark.parametrize("line", commands())
def test_command(line: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    words = shlex.split(line)
    while "=" in words[0]:  # surroundings
        words.pop(0)
    name, arguments = words[1], words[2:]
    COMMANDS[name].make_context(name, list(arguments))  # raises for what is not an option, or has no such value
    if name not in RUN or any(part in line for part in NOT_HERE):
        return
    for word in arguments:
        if word.endswith(".lpx") and name == "compress":
            Path(word).unlink(missing_ok=True)
    if "--encrypt" in line or "--key-file" in line:
        pytest.importorskip("cryptography")
        monkeypatch.setenv("LATENTPRESS_KEY", "a key")  # where the terminal would ask
        if name == "decompress":
            Path("photo.lpx").write_bytes(latentpress.compress("photo.png", key="a key"))
    force = ["--force"] if name in ("decompress", "compress") else []
    done = CliRunner().invoke(app, [name, *arguments, *force])
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(("place", "code"), list(python_examples()))
def test_python(place: str, code: str, world: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    shown: list[Any] = []
    monkeypatch.setattr(PillowImage.Image, "show", lambda picture: shown.append(picture))
    monkeypatch.setattr(latentpress.limits, "MAX_PIXELS", latentpress.limits.MAX_PIXELS)
    pixels = np.asarray(PillowImage.open("photo.png"))
    assert ast.parse(code).body, f"{place} has no example any more"
    exec(compile(code, place, "exec"), {"latentpress": latentpress, "pixels": pixels})
