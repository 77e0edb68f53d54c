"""A training recipe: one TOML file that says everything a run depends on besides its pictures."""

from __future__ import annotations

import tomllib
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any, TypeVar

from latentpress.catalogue import folder_of, systems
from latentpress.errors import InvalidInputError
from latentpress.systems.hyperprior.net import HyperpriorConfig
from latentpress.training.structural import SMALLEST_SIDE

T = TypeVar("T")

_KINDS: dict[Any, Any] = {"bool": bool, "int": int, "float": int | float, "str": str}

_CHOICES = {
    "distortion": ("mse", "ms-ssim"),
    "average": ("log", "plain"),
    "quantisation": ("mixed", "noise", "soft-round"),
}

__all__ = ["Objective", "Recipe", "Schedule", "fill", "load_recipe", "read_recipe", "recipe_path"]


@dataclass(frozen=True)
class Schedule:
    """How a run goes.

    ``steps``: optimiser steps in all. ``batch`` crops of ``crop`` x ``crop`` pixels (a multiple of 64) a step. The
    learning rate rises to ``learning_rate`` over ``warmup`` steps, stays, and falls to zero (quarter of a cosine)
    from the fraction ``decay_from`` of the steps on; the linear block transforms get ``linear_factor`` of it. From
    ``hard_from`` on the loss uses rounded values and the entropy networks run on the integer path. ``ema``: decay of
    the averaged weights. ``clip``: largest gradient norm. ``klt_pictures``: how many pictures the starting transform
    is fitted on. ``seed`` fixes weights, crops, rates and noise. ``mixed_precision``: transforms in bfloat16.
    """

    steps: int
    batch: int = 8
    crop: int = 128
    learning_rate: float = 1e-3
    linear_factor: float = 0.03
    warmup: int = 200
    decay_from: float = 0.6
    hard_from: float = 0.8
    ema: float = 0.999
    clip: float = 1.0
    klt_pictures: int = 400
    seed: int = 0
    mixed_precision: bool = True
    validate_every: int = 2000

    def hard(self, step: int) -> bool:
        """Whether ``step`` belongs to the last, quantisation-aware part."""
        return step >= self.hard_from * self.steps


@dataclass(frozen=True)
class Objective:
    """What a run learns for, and how: see `objective.log_loss` for ``distortion`` (``mse`` or ``ms-ssim``) and
    ``average`` (``log`` or ``plain``), `objective.code` for ``quantisation`` (``mixed``, ``noise`` or ``soft-round``).
    ``encoder_only``: the analysis learns and the rest stays as it is, so that the files go on to be read with the model
    that the run starts from.
    """

    distortion: str = "mse"
    average: str = "log"
    quantisation: str = "mixed"
    encoder_only: bool = False


@dataclass(frozen=True)
class Recipe:
    """``codec``: the family to train (``hyperprior``); ``model``: sizes of its network; ``schedule``: the run;
    ``objective``: what for.
    """

    codec: str
    model: HyperpriorConfig
    schedule: Schedule
    objective: Objective = Objective()

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values, for logs, checkpoints and cards."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Recipe:
        """The recipe of nested values as read from TOML. Raises InvalidInputError for unknown or wrongly typed keys."""
        unknown = set(values) - {"codec", "model", "schedule", "objective"}
        if unknown:
            raise InvalidInputError(f"recipe has unknown section or key: {', '.join(sorted(unknown))}")
        if values.get("codec") != "hyperprior":
            raise InvalidInputError(f"recipe names codec {values.get('codec')!r}; this version trains: hyperprior")
        recipe = cls(
            "hyperprior",
            fill(HyperpriorConfig, "model", values.get("model", {})),
            fill(Schedule, "schedule", values.get("schedule", {})),
            fill(Objective, "objective", values.get("objective", {})),
        )
        for key, allowed in _CHOICES.items():
            if getattr(recipe.objective, key) not in allowed:
                raise InvalidInputError(f"recipe: objective.{key} must be one of {', '.join(allowed)}")
        if recipe.objective.distortion == "ms-ssim" and recipe.schedule.crop < SMALLEST_SIDE:
            raise InvalidInputError(f"recipe: ms-ssim needs crops of at least {SMALLEST_SIDE} pixels a side")
        if recipe.schedule.crop % 64 or recipe.schedule.crop <= 0:
            raise InvalidInputError(f"recipe: crop must be a multiple of 64, not {recipe.schedule.crop}")
        if recipe.model.passes not in (2, 4):
            raise InvalidInputError(f"recipe: passes must be 2 or 4, not {recipe.model.passes}")
        if recipe.schedule.steps < 1 or recipe.schedule.batch < 1:
            raise InvalidInputError("recipe: steps and batch must be at least 1")
        return recipe


def fill(kind: type[T], section: str, values: dict[str, Any]) -> T:
    """The dataclass ``kind`` of a recipe's section. Raises InvalidInputError for unknown or wrongly typed keys."""
    types = {f.name: f.type for f in fields(kind)}  # type: ignore[arg-type]
    for key, value in values.items():
        if key not in types:
            raise InvalidInputError(f"recipe: unknown key {section}.{key}")
        wanted = types[key]
        if not isinstance(value, _KINDS[wanted]) or (isinstance(value, bool) and wanted != "bool"):
            raise InvalidInputError(f"recipe: {section}.{key} must be {wanted}, not {value!r}")
    try:
        return kind(**values)
    except TypeError as error:
        raise InvalidInputError(f"recipe: [{section}] {error}") from None


def recipe_path(name: str) -> Path:
    """A recipe file: ``name`` is a path, or names a recipe of the package: the id of a system for ``recipe.toml`` in
    its folder, ``<id>-<variant>`` for ``recipe-<variant>.toml``.
    """
    for id in sorted((one.id for one in systems() if name.startswith(one.id)), key=len, reverse=True):
        shipped = folder_of(id) / f"recipe{name.removeprefix(id)}.toml"
        if shipped.is_file():
            return shipped
    return Path(name)


def read_recipe(name: str | Path) -> dict[str, Any]:
    """The nested values of a recipe file, or of a shipped recipe by name. Raises InvalidInputError with the reason."""
    path = recipe_path(str(name))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise InvalidInputError(f"cannot read recipe {path}: {error.strerror}") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise InvalidInputError(f"recipe {path} is not valid TOML: {error}") from None


def load_recipe(name: str | Path) -> Recipe:
    """Read a recipe file or a shipped recipe by name. Raises InvalidInputError with the reason."""
    return Recipe.from_dict(read_recipe(name))
