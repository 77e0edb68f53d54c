"""The recipe of a patch autoencoder that begins as a deep Boltzmann machine."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import Any

from latentpress.errors import InvalidInputError
from latentpress.systems.dbm_autoencoder.net import PatchAutoencoderConfig
from latentpress.training.recipe import fill

__all__ = ["CODEC", "BoltzmannRecipe", "FineTuning", "Pretraining"]

CODEC = "dbm-autoencoder"


@dataclass(frozen=True)
class Pretraining:
    """How the machine is trained before it is unrolled.

    ``rbm_steps``: updates of each of the three RBMs; ``dbm_steps``: of all layers together. Without ``rbm_steps`` the
    autoencoder starts from random weights, without ``dbm_steps`` from the RBMs as composed. ``batch`` patches an
    update. ``visible_std``: standard deviation of the visible units over the patches; their noise has 1.
    ``gaussian_rate``, ``binary_rate``, ``dbm_rate``: learning rates of the RBM with real visible units, of the others,
    and of the whole machine, each falling linearly to zero. ``persistent``: the RBMs' negative phase goes on from its
    last states (PCD) and does not start at the data (CD-1). ``chains``: of the negative phase of the whole machine,
    and of PCD; ``sweeps``: of Gibbs sampling an update. ``mean_field``: rounds at most an update. ``momentum`` and
    ``decay`` (of weights) hold for all.
    """

    rbm_steps: int = 2000
    dbm_steps: int = 1000
    batch: int = 100
    visible_std: float = 2.0
    gaussian_rate: float = 0.002
    binary_rate: float = 0.05
    dbm_rate: float = 0.001
    persistent: bool = False
    chains: int = 100
    sweeps: int = 5
    mean_field: int = 10
    momentum: float = 0.9
    decay: float = 2e-4


@dataclass(frozen=True)
class FineTuning:
    """How the unrolled network is trained by back-propagation.

    ``steps`` of Adam on ``batch`` patches out of ``patches`` that are taken from the pictures. Codes get uniform noise
    as wide as a step of their quantiser. The learning rate rises to ``learning_rate`` over ``warmup`` steps, stays, and
    falls to zero (quarter of a cosine) from the fraction ``decay_from`` of the steps on. ``ema``: decay of the averaged
    weights. ``clip``: largest gradient norm. ``seed`` fixes weights, patches and noise, of the pre-training as well.
    ``start_gain``: of random weights, where there is no pre-training (`PatchAutoencoder`).
    """

    steps: int
    batch: int = 256
    patches: int = 200_000
    learning_rate: float = 1e-3
    warmup: int = 100
    decay_from: float = 0.5
    ema: float = 0.99
    clip: float = 1.0
    seed: int = 0
    start_gain: float = 4.0
    validate_every: int = 500


@dataclass(frozen=True)
class BoltzmannRecipe:
    """``model``: sizes; ``pretraining``: of the machine; ``schedule``: of the fine-tuning."""

    model: PatchAutoencoderConfig
    pretraining: Pretraining
    schedule: FineTuning
    codec: str = CODEC

    def to_dict(self) -> dict[str, Any]:
        """Plain nested values, for logs and checkpoints."""
        return {
            "codec": self.codec,
            "model": asdict(self.model),
            "pretraining": asdict(self.pretraining),
            "schedule": asdict(self.schedule),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> BoltzmannRecipe:
        """The recipe of nested values as read from TOML. Raises InvalidInputError for unknown, wrongly typed or
        impossible values."""
        unknown = set(values) - {"codec", "model", "pretraining", "schedule"}
        if unknown:
            raise InvalidInputError(f"recipe has unknown section or key: {', '.join(sorted(unknown))}")
        if values.get("codec") != CODEC:
            raise InvalidInputError(f"recipe names codec {values.get('codec')!r}; this is for {CODEC}")
        recipe = cls(
            fill(PatchAutoencoderConfig, "model", values.get("model", {})),
            fill(Pretraining, "pretraining", values.get("pretraining", {})),
            fill(FineTuning, "schedule", values.get("schedule", {})),
        )
        recipe.check()
        return recipe

    def check(self) -> None:
        """Raise InvalidInputError for impossible values."""
        model, before, schedule = self.model, self.pretraining, self.schedule
        positive = {
            "model.patch": model.patch,
            "model.first": model.first,
            "model.second": model.second,
            "model.mean_step": model.mean_step,
            "pretraining.batch": before.batch,
            "pretraining.chains": before.chains,
            "pretraining.mean_field": before.mean_field,
            "pretraining.visible_std": before.visible_std,
            "schedule.steps": schedule.steps,
            "schedule.batch": schedule.batch,
            "schedule.patches": schedule.patches,
        }
        for key, value in positive.items():
            if value <= 0:
                raise InvalidInputError(f"recipe: {key} must be above 0, not {value}")
        if not 1 <= model.code <= 255:  # one probability table each, and one for the means
            raise InvalidInputError(f"recipe: model.code must be 1 to 255, not {model.code}")
        if not 2 <= model.levels <= 256:
            raise InvalidInputError(f"recipe: model.levels must be 2 to 256, not {model.levels}")
        if min(before.rbm_steps, before.dbm_steps) < 0 or (before.dbm_steps and not before.rbm_steps):
            raise InvalidInputError("recipe: pretraining.dbm_steps need pretraining.rbm_steps, none of them below 0")
