"""The recipe of the codec `importance-map`: sizes of the network, and how the run goes."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from latentpress.errors import InvalidInputError
from latentpress.systems.importance_map.net import ImportanceConfig
from latentpress.training.recipe import Schedule, fill

__all__ = ["ImportanceRecipe", "ImportanceSchedule"]


@dataclass(frozen=True)
class ImportanceSchedule(Schedule):
    """A `Schedule`, of which ``hard_from`` says from when on the context network runs on the integer path (values are
    rounded from the first step).

    ``transforms_from``: fraction of the steps from which on analysis and synthesis learn. Before, with transforms that
    have learnt elsewhere, only what is new does, at a fraction of the time a step.
    """

    transforms_from: float = 0.0

    def transforms(self, step: int) -> bool:
        """Whether analysis and synthesis learn in ``step``."""
        return step >= self.transforms_from * self.steps


@dataclass(frozen=True)
class ImportanceRecipe:
    """``codec``: ``importance-map``; ``model``: sizes of its network; ``schedule``: the run."""

    codec: str
    model: ImportanceConfig
    schedule: ImportanceSchedule

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values, for logs, checkpoints and cards."""
        return asdict(self)

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> ImportanceRecipe:
        """The recipe of nested values as read from TOML. Raises InvalidInputError for unknown or wrongly typed keys."""
        unknown = set(values) - {"codec", "model", "schedule"}
        if unknown:
            raise InvalidInputError(f"recipe has unknown section or key: {', '.join(sorted(unknown))}")
        if values.get("codec") != "importance-map":
            raise InvalidInputError(f"recipe names codec {values.get('codec')!r}, not importance-map")
        model = fill(ImportanceConfig, "model", values.get("model", {}))
        schedule = fill(ImportanceSchedule, "schedule", values.get("schedule", {}))
        if schedule.crop % 64 or schedule.crop <= 0:
            raise InvalidInputError(f"recipe: crop must be a multiple of 64, not {schedule.crop}")
        if schedule.steps < 1 or schedule.batch < 1:
            raise InvalidInputError("recipe: steps and batch must be at least 1")
        if not model.pyramid <= model.signed <= model.latents:
            raise InvalidInputError("recipe: pyramid, signed and latents must not fall")
        return cls("importance-map", model, schedule)
