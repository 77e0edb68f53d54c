"""The table of rooms in docs/architecture.md holds: what the source imports, also inside functions, stands in it."""

from __future__ import annotations

import ast
import functools
import re
import shutil
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import NamedTuple

import pytest

import latentpress

PACKAGE = Path(latentpress.__file__).parent
PAGE = PACKAGE.parents[1] / "docs" / "architecture.md"

Rooms = Mapping[str, frozenset[str]]


class Import(NamedTuple):
    module: str
    line: int
    target: str
    when: str  # "loading", "calling" (inside a function) or "typing"


def read_table(page: str) -> dict[str, frozenset[str]]:
    """Room -> rooms that it may import. Several rooms may share a row, and a row may call them by one name in bold."""
    rooms: dict[str, frozenset[str]] = {}
    names: dict[str, list[str]] = {}
    table = page.split("| room | holds | may import |\n|---|---|---|\n")[1].split("\n\n")[0]
    for line in table.splitlines():
        first, _, allowed = (cell.strip() for cell in line.strip("|").split(" | "))
        own = [re.sub(r"/.*|\.py", "", name) for name in re.findall(r"`(.*?)`", first)]
        names |= dict.fromkeys(re.findall(r"\*\*(.*?)\*\*", first), own) | {room: [room] for room in own}
        if allowed == "all above":
            may = set(rooms)
        else:
            may = {room for name in allowed.split(", ") if name != "-" for room in names[name]}  # none below its row
        rooms |= dict.fromkeys(own, frozenset(may))
    return rooms


def imports(package: Path) -> list[Import]:
    found: list[Import] = []
    for path in sorted(package.rglob("*.py")):
        parts = path.relative_to(package.parent).with_suffix("").parts
        module = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found += _imports_of(module, path.read_text(encoding="utf-8"))
    return found


@functools.cache
def _imports_of(module: str, source: str) -> list[Import]:
    package = module.split(".")[0]

    def walk(node: ast.AST, when: str) -> Iterator[Import]:
        targets: list[str] = []
        if isinstance(node, ast.Import):
            targets = [name.name for name in node.names if name.name != package]
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{module}:{node.lineno} imports relatively"
            targets = [f"{node.module}.{name.name}" for name in node.names]
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id == package:
            targets = [f"{package}.{node.attr}"]  # `import latentpress` loads nothing; its names do
        for target in targets:
            if not target.endswith("__"):  # everybody may ask for the version
                yield Import(module, getattr(node, "lineno", 0), target, when)
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda):
            when = "calling" if when == "loading" else when
        if isinstance(node, ast.If) and ast.unparse(node.test).endswith("TYPE_CHECKING"):
            when = "typing"
        for child in ast.iter_child_nodes(node):
            yield from walk(child, when)

    return list(walk(ast.parse(source), "loading"))


def _room(module: str, rooms: Rooms) -> str:
    """The room of a module or a name in it; names of the package itself are its public functions."""
    name = module.split(".")[1] if "." in module else "__init__"
    return name if name in rooms else "__init__"


def forbidden(package: Path, rooms: Rooms) -> list[str]:
    """What the table does not allow, a line for each import."""
    found = []
    for one in imports(package):
        if one.target.split(".")[0] != package.name:
            continue
        at, to = _room(one.module, rooms), _room(one.target, rooms)
        if at == to == "systems":
            wrong = one.module.split(".")[2:3] not in ([], one.target.split(".")[2:3])
        else:
            wrong = at != to and to not in rooms[at]
        if wrong:
            found.append(f"{one.module}:{one.line} imports {one.target}")
    return found


def torch_on_the_decoders_path(package: Path, allowed: set[str]) -> list[str]:
    """Imports of torch by codecs of `systems` and all that loads with them; modules ``allowed`` may in functions."""
    by_module: dict[str, list[Import]] = {}
    for one in imports(package):
        by_module.setdefault(one.module, []).append(one)
    modules = {".".join(path.relative_to(package.parent).with_suffix("").parts) for path in package.rglob("*.py")}
    modules |= {name.removesuffix(".__init__") for name in modules}
    needs_torch = ("torch", "onnx.", f"{package.name}.parts.", f"{package.name}.training.")
    waiting = [name for name in modules if re.fullmatch(rf"{package.name}\.systems\.\w+\.(codec|layout)", name)]
    seen, found = set(waiting), []
    while waiting:
        module = waiting.pop()
        for one in by_module.get(module, ()):
            if one.target.startswith(needs_torch) and (
                one.when == "loading" or (one.when == "calling" and module not in allowed)
            ):
                found.append(f"{module}:{one.line} imports {one.target}")
            parts = one.target.split(".")
            ways = {".".join(parts[:end]) for end in range(1, len(parts) + 1)} if one.when == "loading" else set()
            new = ways & modules - seen
            seen |= new
            waiting += new
    return sorted(found)


def lazy_torch(page: str) -> set[str]:
    """Modules that the page says may import torch inside a function."""
    line = next(line for line in page.splitlines() if line.startswith("Inside functions torch is imported by"))
    return {f"latentpress.{path[:-3].replace('/', '.')}" for path in re.findall(r"`(\S+\.py)`", line)}


def test_every_import_stands_in_the_table() -> None:
    page = PAGE.read_text(encoding="utf-8")
    rooms = read_table(page)
    there = {path.stem for path in PACKAGE.iterdir() if path.suffix == ".py" or (path / "__init__.py").is_file()}
    assert there == set(rooms)
    assert forbidden(PACKAGE, rooms) == []


def test_decoding_never_loads_torch() -> None:
    assert torch_on_the_decoders_path(PACKAGE, lazy_torch(PAGE.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize(
    ("path", "line", "complaint"),
    [
        ("entropy/tables.py", "from latentpress.codecs.base import Codec", "tables:1 imports latentpress.codecs"),
        ("codecs/base.py", "def f():\n    import latentpress.bench", "base:2 imports latentpress.bench"),
        ("image/image.py", "import latentpress\nlatentpress.compress", "image:2 imports latentpress.compress"),
        ("codecs/base.py", "import latentpress.systems.lc_fdnet.walk", "base:1 imports latentpress.systems"),
        ("parts/blocks.py", "from latentpress.training.step import Step", "blocks:1 imports latentpress.training"),
        ("systems/lc_fdnet/walk.py", "from latentpress.systems.hyperprior import net", "walk:1 imports"),
        ("systems/lc_fdnet/walk.py", "import torch", "walk:1 imports torch"),
        ("codecs/base.py", "def f():\n    from torch import nn", "base:2 imports torch.nn"),
        ("codecs/packing.py", "from latentpress.parts.blocks import Block", "packing:1 imports latentpress.parts"),
    ],
)
def test_a_forbidden_import_is_found(path: str, line: str, complaint: str, tmp_path: Path) -> None:
    package = tmp_path / "latentpress"
    for source in PACKAGE.rglob("*.py"):
        copy = package / source.relative_to(PACKAGE)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(source, copy)
    file = package / path
    file.write_text(f"{line}\n{file.read_text(encoding='utf-8')}", encoding="utf-8")
    page = PAGE.read_text(encoding="utf-8")
    found = forbidden(package, read_table(page)) + torch_on_the_decoders_path(package, lazy_torch(page))
    assert any(complaint in line for line in found)
