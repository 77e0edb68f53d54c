"""The recipe of a restorer: which network, and how the run goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from latentpress.errors import InvalidInputError
from latentpress.systems.cas_cnn.net import CasCnn, CasCnnConfig
from latentpress.systems.idcn.net import Idcn, IdcnConfig
from latentpress.training.recipe import fill

__all__ = ["NETWORKS", "RestorationRecipe", "RestorationSchedule", "build_restorer"]

NETWORKS: dict[str, tuple[Any, Any]] = {"cas-cnn": (CasCnn, CasCnnConfig), "idcn": (Idcn, IdcnConfig)}
"""Networks by the name that a recipe has in ``codec``, with their sizes."""


@dataclass(frozen=True)
class RestorationSchedule:
    """How a run goes.

    ``steps``: optimiser steps in all. ``batch`` crops of ``crop`` x ``crop`` pixels (a multiple of 64) a step. The
    learning rate rises to ``learning_rate`` over ``warmup`` steps, stays, and falls to zero (quarter of a cosine)
    from the fraction ``decay_from`` of the steps on. From ``full_resolution_from`` on the loss is that of full
    resolution alone. ``edge_weight``: weight of the error of first derivatives (Svoboda et al. 2016), 0 for none.
    ``symmetric_start``: kernels begin symmetric (the same). ``ema``: decay of the averaged weights. ``clip``: largest
    gradient norm. ``seed`` fixes weights, crops and qualities. ``mixed_precision``: convolutions in bfloat16.
    """

    steps: int
    batch: int = 8
    crop: int = 128
    learning_rate: float = 1e-3
    warmup: int = 200
    decay_from: float = 0.5
    full_resolution_from: float = 0.6
    edge_weight: float = 0.0
    symmetric_start: bool = False
    ema: float = 0.999
    clip: float = 1.0
    seed: int = 0
    mixed_precision: bool = True
    validate_every: int = 1000


@dataclass(frozen=True)
class RestorationRecipe:
    """``codec``: the network (one of `NETWORKS`); ``model``: its sizes; ``schedule``: the run."""

    codec: str
    model: Any
    schedule: RestorationSchedule

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values, for logs, checkpoints and cards."""
        return {"codec": self.codec, "model": asdict(self.model), "schedule": asdict(self.schedule)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> RestorationRecipe:
        """The recipe of nested values as read from TOML. Raises InvalidInputError for unknown or wrongly typed keys."""
        unknown = set(values) - {"codec", "model", "schedule"}
        if unknown:
            raise InvalidInputError(f"recipe has unknown section or key: {', '.join(sorted(unknown))}")
        codec = values.get("codec")
        if codec not in NETWORKS:
            raise InvalidInputError(f"recipe names codec {codec!r}; restorers are: {', '.join(NETWORKS)}")
        schedule = fill(RestorationSchedule, "schedule", values.get("schedule", {}))
        recipe = cls(codec, fill(NETWORKS[codec][1], "model", values.get("model", {})), schedule)
        if schedule.crop % 64 or schedule.crop <= 0:
            raise InvalidInputError(f"recipe: crop must be a multiple of 64, not {schedule.crop}")
        if schedule.steps < 1 or schedule.batch < 1:
            raise InvalidInputError("recipe: steps and batch must be at least 1")
        return recipe


def build_restorer(recipe: RestorationRecipe) -> Any:
    """The network of a recipe with random weights; it corrects nothing yet."""
    network, _ = NETWORKS[recipe.codec]
    return network(recipe.model)
