"""The recipe of the lossless codec's networks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any, TypeVar

from latentpress.errors import InvalidInputError
from latentpress.parts.lossless import LosslessConfig
from latentpress.training.recipe import fill

__all__ = ["CODEC", "LosslessRecipe", "OBJECTIVE_NAMES", "LosslessSchedule", "read_parts"]

C = TypeVar("C")

CODEC = "mlp-lossless"

OBJECTIVE_NAMES = ("code-length", "l1")
"""What the networks can be trained for; the first is usual."""


@dataclass(frozen=True)
class LosslessSchedule:
    """How a run goes.

    ``steps``: optimiser steps in all, each on ``batch`` random pixels of every plane, out of ``per_picture`` that are
    kept of each picture. The learning rate rises to ``learning_rate`` over ``warmup`` steps, stays, and falls to zero
    (quarter of a cosine) from the fraction ``decay_from`` of the steps on. From ``hard_from`` on the networks compute
    in integers. ``ema``: decay of the averaged weights. ``clip``: largest gradient norm. ``seed`` fixes weights and
    pixels.
    """

    steps: int
    batch: int = 4096
    per_picture: int = 16000
    learning_rate: float = 2e-3
    warmup: int = 200
    decay_from: float = 0.2
    hard_from: float = 0.5
    ema: float = 0.999
    clip: float = 1.0
    seed: int = 0
    validate_every: int = 1000


@dataclass(frozen=True)
class LosslessRecipe:
    """``codec``: mlp-lossless; ``model``: sizes of the networks; ``schedule``: the run; ``objective``: what is made
    small, ``code-length``, the bits of a pixel, or ``l1``, errors and how wrong their expected magnitudes are.
    """

    model: LosslessConfig
    schedule: LosslessSchedule
    codec: str = CODEC
    objective: str = OBJECTIVE_NAMES[0]

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values, for logs, checkpoints and cards."""
        parts = {"model": asdict(self.model), "schedule": asdict(self.schedule)}
        return {"codec": self.codec, "objective": self.objective} | parts

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LosslessRecipe:
        """The recipe of nested values as read from TOML. Raises InvalidInputError for unknown or wrongly typed keys."""
        rest = {key: value for key, value in values.items() if key != "objective"}
        recipe = cls(*read_parts(rest, CODEC, LosslessConfig), objective=values.get("objective", OBJECTIVE_NAMES[0]))
        if recipe.objective not in OBJECTIVE_NAMES:
            raise InvalidInputError(f"recipe: objective must be {' or '.join(OBJECTIVE_NAMES)}")
        if min(recipe.model.width, recipe.model.depth) < 1:
            raise InvalidInputError("recipe: width and depth must be at least 1")
        return recipe


def read_parts(values: dict[str, Any], codec: str, config: type[C]) -> tuple[C, LosslessSchedule]:
    """Sizes and schedule of the nested values of a recipe for ``codec``. Raises InvalidInputError as `from_dict`."""
    unknown = set(values) - {"codec", "model", "schedule"}
    if unknown:
        raise InvalidInputError(f"recipe has unknown section or key: {', '.join(sorted(unknown))}")
    if values.get("codec") != codec:
        raise InvalidInputError(f"recipe names codec {values.get('codec')!r}; this is for {codec}")
    schedule = fill(LosslessSchedule, "schedule", values.get("schedule", {}))
    if min(schedule.steps, schedule.batch, schedule.per_picture) < 1:
        raise InvalidInputError("recipe: steps, batch and per_picture must be at least 1")
    return fill(config, "model", values.get("model", {})), schedule
