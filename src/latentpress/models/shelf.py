"""Where model packages are looked for: in the installed package, in the folders of an environment variable, and in
other installed distributions that announce some, such as ``latentpress-zoo``.

A distribution announces its models by an entry point in the group ``latentpress.models`` whose value is a package (a
module) with model packages as folders in it. Nothing of it is imported.
"""

from __future__ import annotations

import importlib.util
import json
import os
import warnings
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from latentpress.catalogue import default_model
from latentpress.errors import LatentPressError, UnsupportedError
from latentpress.models.package import CARD, ModelPackage

__all__ = [
    "ELSEWHERE",
    "ENTRY_POINTS",
    "SEARCH_PATH",
    "ModelPathWarning",
    "absolute_name",
    "find_model",
    "installed_models",
    "named_model",
    "where_to_get",
]

SEARCH_PATH = "LATENTPRESS_MODELS"
"""Environment variable with folders of model packages, separated like PATH, beside those that ship with LatentPress."""

ENTRY_POINTS = "latentpress.models"
"""Entry-point group in which distributions announce their models."""

ELSEWHERE = "elsewhere.json"
"""Name of the list of models that other distributions ship: ids with name and distribution, for messages."""


class ModelPathWarning(UserWarning):
    """A place in `SEARCH_PATH` has no models, or one that cannot be used."""


_at_hand: dict[bytes, ModelPackage] = {}  # packages that were asked for by their folders, by id


def installed_models(codec: str) -> list[ModelPackage]:
    """Every package for the codec: shipped ones first, then those of the environment's folders, then those of other
    distributions, each folder in order of names. Unreadable ones are passed over.
    """
    return [package for package in _packages() if package.codec == codec]


def find_model(codec: str, *, name: str | None = None, id: bytes | None = None) -> ModelPackage:
    """The package with this name, or this id, or the codec's default. A name may also be the path of a package's
    folder; that one is found by its id from then on, so that this process reads the files that it has made with it.

    Raises UnsupportedError when it is not installed, naming what is, and the distribution that ships it if one is
    known to.
    """
    if name is not None and (Path(name) / CARD).is_file():
        package = _open(str(Path(name).resolve()))
        _at_hand[package.id] = package
        return package
    wanted = name or (default_model(codec) if id is None else None) or "default model"
    for package in _packages():
        if package.codec == codec and (package.name == wanted if id is None else package.id == id):
            return package
    if id is not None and id in _at_hand and _at_hand[id].codec == codec:
        return _at_hand[id]
    raise UnsupportedError(_missing(codec, wanted, id))


def absolute_name(name: str | os.PathLike[str] | None) -> str | None:
    """The name of a model as it holds wherever a worker stands: the folder of a package by its whole path."""
    if name is None:
        return None
    name = os.fspath(name)
    return str(Path(name).resolve()) if (Path(name) / CARD).is_file() else name


def named_model(name: str) -> ModelPackage:
    """The package with this name, or in the folder of this path, of whatever codec. Raises UnsupportedError when it is
    not installed.
    """
    if (Path(name) / CARD).is_file():
        return _open(str(Path(name).resolve()))
    for package in _packages():
        if package.name == name:
            return package
    have = ", ".join(dict.fromkeys(package.name for package in _packages()))
    raise UnsupportedError(
        f"model {name} is not installed (installed: {have}); add its folder's parent to {SEARCH_PATH}"
    )


def where_to_get(name: str) -> str:
    """Half a sentence that names the distribution which ships a model, empty if none is known to."""
    found = next((one for one in _elsewhere().values() if one["name"] == name), None)
    return f"; it comes with the package {found['distribution']}" if found else ""


def _elsewhere() -> dict[str, dict[str, str]]:
    known: dict[str, dict[str, str]] = json.loads((Path(__file__).parent / ELSEWHERE).read_text(encoding="utf-8"))
    return known


def _missing(codec: str, wanted: str, id: bytes | None) -> str:
    shipped = next(
        (one for key, one in _elsewhere().items() if (one["name"] == wanted if id is None else key == id.hex())), None
    )
    what = wanted if id is None else f"model {id.hex()}" + (f" ({shipped['name']})" if shipped else "")
    if shipped:
        return f"{codec} {what} is not installed; it comes with the package {shipped['distribution']}"
    found = (f"{package.name} ({package.id.hex()})" for package in installed_models(codec))
    have = ", ".join(dict.fromkeys(found)) or "none"
    return f"{codec} {what} is not installed (installed: {have}); add its folder's parent to {SEARCH_PATH}"


def _packages() -> Iterator[ModelPackage]:
    """All packages, those of a place only looked for when those before it have been seen."""
    yield from _in_folder(str(Path(__file__).parent))
    for folder in filter(None, os.environ.get(SEARCH_PATH, "").split(os.pathsep)):
        yield from _in_folder(folder, named=True)
    for folder in _announced():
        yield from _in_folder(folder)


@lru_cache(maxsize=8)
def _in_folder(root: str, named: bool = False) -> tuple[ModelPackage, ...]:
    """The packages in a folder. Of a folder that the user named, what cannot be used is told, once in a process."""
    found, wrong = [], []
    for card in sorted(Path(root).glob(f"*/{CARD}")):
        try:
            found.append(_open(str(card.parent)))
        except LatentPressError as error:
            wrong.append(str(error))
    if not found and not wrong:
        inside = "; name the folder above it" if (Path(root) / CARD).is_file() else ""
        wrong.append(f"{root} is {'a folder without model packages' if Path(root).is_dir() else 'no folder'}{inside}")
    for line in wrong if named else ():
        warnings.warn(f"{SEARCH_PATH}: {line}", ModelPathWarning, stacklevel=2)
    return tuple(found)


@lru_cache(maxsize=1)
def _announced() -> tuple[str, ...]:
    from importlib.metadata import entry_points  # here: shipped models, the usual case, need no such search

    folders: list[str] = []
    for entry in entry_points(group=ENTRY_POINTS):
        spec = importlib.util.find_spec(entry.module)
        folders += (spec.submodule_search_locations or []) if spec else []
    return tuple(folders)


@lru_cache(maxsize=32)
def _open(folder: str) -> ModelPackage:
    return ModelPackage(folder)
