"""The recipe of lc-fdnet's networks."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from latentpress.errors import InvalidInputError
from latentpress.systems.lc_fdnet.net import LcFdnetConfig
from latentpress.training.lossless.recipe import LosslessSchedule, read_parts

__all__ = ["CODEC", "LcFdnetRecipe"]

CODEC = "lc-fdnet"


@dataclass(frozen=True)
class LcFdnetRecipe:
    """``codec``: lc-fdnet; ``model``: sizes of the networks; ``schedule``: the run, whose ``batch`` and ``per_picture``
    are pixels of every step.
    """

    model: LcFdnetConfig
    schedule: LosslessSchedule
    codec: str = CODEC

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values, for logs, checkpoints and cards."""
        return {"codec": self.codec, "model": asdict(self.model), "schedule": asdict(self.schedule)}

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> LcFdnetRecipe:
        """The recipe of nested values as read from TOML. Raises InvalidInputError for unknown or wrongly typed keys."""
        recipe = cls(*read_parts(values, CODEC, LcFdnetConfig))
        if min(asdict(recipe.model).values()) < 1:
            raise InvalidInputError("recipe: widths and depths must be at least 1")
        return recipe
