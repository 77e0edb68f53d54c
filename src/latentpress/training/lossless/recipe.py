"""The recipe of the lossless codec's networks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from latentpress.errors import InvalidInputError
from latentpress.nets.lossless import LosslessConfig
from latentpress.training.recipe import fill

__all__ = ["CODEC", "LosslessRecipe", "LosslessSchedule"]

CODEC = "mlp-lossless"


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
    """``codec``: mlp-lossless; ``model``: sizes of the networks; ``schedule``: the run."""

    model: LosslessConfig
    schedule: LosslessSchedule
    codec: str = CODEC

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values, for logs, checkpoints and cards."""
        return {"codec": self.codec, "model": asdict(self.model), "schedule": asdict(self.schedule)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LosslessRecipe:
        """The recipe of nested values as read from TOML. Raises InvalidInputError for unknown or wrongly typed keys."""
        unknown = set(values) - {"codec", "model", "schedule"}
        if unknown:
            raise InvalidInputError(f"recipe has unknown section or key: {', '.join(sorted(unknown))}")
        if values.get("codec") != CODEC:
            raise InvalidInputError(f"recipe names codec {values.get('codec')!r}; this is for {CODEC}")
        recipe = cls(
            fill(LosslessConfig, "model", values.get("model", {})),
            fill(LosslessSchedule, "schedule", values.get("schedule", {})),
        )
        if min(recipe.schedule.steps, recipe.schedule.batch, recipe.schedule.per_picture) < 1:
            raise InvalidInputError("recipe: steps, batch and per_picture must be at least 1")
        if min(recipe.model.width, recipe.model.depth) < 1:
            raise InvalidInputError("recipe: width and depth must be at least 1")
        return recipe
