"""Which loop trains which codec, and which function makes a package of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from latentpress.catalogue import system, systems
from latentpress.errors import InvalidInputError
from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.recipe import read_recipe

__all__ = ["export_package", "train"]


def train(recipe: str | Path, data: str | Path | Sequence[str | Path], **settings: Any) -> Path:
    """Train what the recipe's ``codec`` names; arguments, result and errors as the flagship's."""
    codec = read_recipe(recipe).get("codec")
    function = _function(codec, "recipe", "training", "train")
    how = settings.pop("accelerate", None)
    if how is not None:
        if "accelerate" not in inspect.signature(function).parameters:
            raise InvalidInputError(f"steps of codec {codec} cannot be accelerated; do without --accelerate")
        settings["accelerate"] = how
    return function(recipe, data, **settings)


def export_package(checkpoint: str | Path, destination: str | Path, **settings: Any) -> Path:
    """Make a package of a checkpoint of whatever codec; as `latentpress.systems.hyperprior.export.export_package`."""
    codec = load_checkpoint(checkpoint, _Values).recipe.values.get("codec")
    path: Path = _function(codec, "checkpoint", "export", "export_package")(checkpoint, destination, **settings)
    return path


@dataclass(frozen=True)
class _Values:
    """A recipe as it is stored, of whatever kind."""

    values: dict[str, Any]

    def to_dict(self) -> dict[str, Any]:
        """The same."""
        return self.values


def _function(codec: Any, kind: str, module: str, name: str) -> Callable[..., Path]:
    trained = {one.id for one in systems() if one.training}
    if codec not in trained:
        raise InvalidInputError(f"{kind} names codec {codec!r}; this version trains: {', '.join(sorted(trained))}")
    function: Callable[..., Path] = system(codec).load(f"{module}:{name}")
    return function
