"""Where model packages are looked for: in the installed package, then in the folders of an environment variable."""

from __future__ import annotations

import os
from collections.abc import Iterator
from functools import lru_cache
from pathlib import Path

from latentpress.catalogue import default_model
from latentpress.errors import LatentPressError, UnsupportedError
from latentpress.models.package import CARD, ModelPackage

__all__ = ["SEARCH_PATH", "find_model", "installed_models"]

SEARCH_PATH = "LATENTPRESS_MODELS"
"""Environment variable with folders of model packages, separated like PATH, beside those that ship with LatentPress."""


def installed_models(codec: str) -> list[ModelPackage]:
    """Every package for the codec, shipped ones first, each folder in order of names. Unreadable ones are passed
    over.
    """
    return [package for package in _packages(os.environ.get(SEARCH_PATH, "")) if package.codec == codec]


def find_model(codec: str, *, name: str | None = None, id: bytes | None = None) -> ModelPackage:
    """The package with this name, or this id, or the codec's default. A name may also be the path of a package's
    folder.

    Raises UnsupportedError when it is not installed, naming what is.
    """
    if name is not None and (Path(name) / CARD).is_file():
        return _open(str(Path(name).resolve()))
    packages = installed_models(codec)
    if id is not None:
        wanted, found = f"model {id.hex()}", [p for p in packages if p.id == id]
    else:
        wanted = name or default_model(codec) or "default model"
        found = [p for p in packages if p.name == wanted]
    if not found:
        have = ", ".join(f"{p.name} ({p.id.hex()})" for p in packages) or "none"
        raise UnsupportedError(
            f"{codec} {wanted} is not installed (installed: {have}); add its folder's parent to {SEARCH_PATH}"
        )
    return found[0]


@lru_cache(maxsize=8)
def _packages(search_path: str) -> tuple[ModelPackage, ...]:
    return tuple(_look(search_path))


def _look(search_path: str) -> Iterator[ModelPackage]:
    for root in (str(Path(__file__).parent), *filter(None, search_path.split(os.pathsep))):
        for card in sorted(Path(root).glob(f"*/{CARD}")):
            try:
                yield _open(str(card.parent))
            except LatentPressError:
                continue


@lru_cache(maxsize=32)
def _open(folder: str) -> ModelPackage:
    return ModelPackage(folder)
