"""The training run of the lossless codec's networks: the shared runner on samples of pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentpress.errors import InvalidInputError
from latentpress.parts.integer import set_integer
from latentpress.parts.lossless import LosslessNet
from latentpress.training.checkpoint import AnyRecipe, Checkpoint
from latentpress.training.data import load_pictures
from latentpress.training.lossless.objective import OBJECTIVES, code_length
from latentpress.training.lossless.recipe import LosslessRecipe
from latentpress.training.lossless.samples import (
    PlaneSamples,
    collect,
    load_samples,
    save_samples,
    typical_starts,
)
from latentpress.training.progress import RunLog
from latentpress.training.recipe import read_recipe
from latentpress.training.runner import Runner, RunOptions, next_stage, open_run, prepare

__all__ = ["COLUMNS", "SAMPLES", "open_state", "train"]

COLUMNS = ("step", "kind", "bits", "bits_y", "bits_u", "bits_v", "learning_rate", "seconds")
"""Columns of the log: estimated bits a pixel of all planes and of each. ``kind`` is train (means since the last line)
or valid.
"""

SAMPLES = "samples.npz"
"""Name of the training samples inside a run's folder; they are kept, since making them takes minutes."""

_SMALLEST = 64  # pixels; smaller pictures are left out
_START_PICTURES = 5
_HELD_OUT = 200_000  # pixels of a plane to validate on


def train(
    recipe: str | Path | LosslessRecipe,
    data: str | Path | Sequence[str | Path],
    **options: Any,
) -> Path:
    """Train the networks; arguments, result and errors as `latentpress.systems.hyperprior.training.train`.

    The pictures should be lossless ones: what compression did to them would be learned. Walking over them comes first
    and does not count into ``minutes``.
    """
    plan = recipe if isinstance(recipe, LosslessRecipe) else LosslessRecipe.from_dict(read_recipe(recipe))
    how = RunOptions(**options)
    state = open_state(plan, how, LosslessRecipe.from_dict)
    say = prepare(how)
    samples = _samples(plan, how.folder, data, say)
    held_out = _held_out(how.folder, how.valid, say) if how.valid else []
    say(f"{len(samples[0])} pixels of each plane, from step {state.step if state else 0}")
    trainer = _Trainer(plan, samples, how.device, state)
    return trainer.run(held_out, how, say)


def open_state(plan: Any, how: RunOptions, parse: Callable[[dict[str, Any]], AnyRecipe]) -> Checkpoint | None:
    """The state that a run with the recipe ``plan`` begins with, or None for networks of its own making."""
    state, running = open_run(how, parse)
    if state is None:
        return None
    if state.recipe.model != plan.model:
        raise InvalidInputError(f"the checkpoint for {how.folder} was made with other sizes than the recipe's")
    return state if running else next_stage(state)


def _samples(
    plan: LosslessRecipe, folder: Path, data: str | Path | Sequence[str | Path], say: Callable[[str], None]
) -> list[PlaneSamples]:
    """The run's training samples, made at its start and kept in its folder."""
    path = folder / SAMPLES
    if not path.is_file():
        pictures = load_pictures(data, _SMALLEST)
        starts = typical_starts(pictures[:: -(-len(pictures) // _START_PICTURES)])
        samples = collect(pictures, starts, plan.schedule.per_picture, plan.schedule.seed, say)
        save_samples(samples, starts, path)
    return load_samples(path)[0]


def _held_out(folder: Path, valid: str | Path | Sequence[str | Path], say: Callable[[str], None]) -> list[Any]:
    """Pixels of every third picture to validate on."""
    starts = load_samples(folder / SAMPLES)[1]
    pictures = load_pictures(valid, _SMALLEST)[::3]
    return list(collect(pictures, starts, _HELD_OUT // len(pictures), 0, say))


class _Trainer(Runner):
    """A run of the lossless networks."""

    columns = COLUMNS
    net: LosslessNet

    def __init__(
        self, plan: LosslessRecipe, samples: list[PlaneSamples], device: str, state: Checkpoint | None
    ) -> None:
        self.plan, self._samples = plan, samples
        torch.manual_seed(plan.schedule.seed)
        net = LosslessNet(plan.model, [plane.inputs.shape[1] for plane in samples])
        groups = [{"params": list(net.parameters()), "factor": 1.0}]
        super().__init__(plan, plan.schedule, net, groups, [], device, state)
        self.history.pop("pictures", None)  # of which only pixels are left
        self.history["pixels"] = len(samples[0])

    def loss(self, rng: np.random.Generator) -> tuple[Tensor, tuple[float, ...]]:
        """What the recipe makes small, a mean over pixels and summed over planes; figures: bits a pixel of each."""
        set_integer(self.net, self.step >= self.plan.schedule.hard_from * self.plan.schedule.steps)
        losses, bits = [], []
        for p, plane in enumerate(self._samples):
            pixels = self._pixels(p, plane, rng.integers(0, len(plane), self.plan.schedule.batch))
            losses.append(OBJECTIVES[self.plan.objective](*pixels).mean())
            bits.append(float(code_length(*(column.detach() for column in pixels)).mean()))
        return torch.stack(losses).sum(), tuple(bits)

    def log_means(self, log: RunLog, means: Sequence[float], rate: float) -> str:
        """A train line."""
        log.row(self.step, "train", sum(means), *means, rate, self.seconds)
        return "bits " + " + ".join(f"{mean:.3f}" for mean in means) + f" = {sum(means):.4f}"

    def validate(self, log: RunLog, held_out: Any) -> tuple[float, str]:
        """Bits a pixel of the held-out pixels, networks in integers."""
        set_integer(self.net, True)
        bits = [
            float(torch.cat([code_length(*self._pixels(p, plane, part)) for part in _parts(len(plane))]).mean())
            for p, plane in enumerate(held_out)
        ]
        log.row(self.step, "valid", sum(bits), *bits, "", self.seconds)
        return sum(bits), "valid " + " + ".join(f"{b:.3f}" for b in bits) + f" = {sum(bits):.4f}"

    def _pixels(self, number: int, plane: PlaneSamples, chosen: np.ndarray[Any, Any]) -> tuple[Tensor, ...]:
        """The network's outputs for some pixels, and what else an objective looks at."""
        columns = (plane.inputs, plane.offset, plane.prediction, plane.scale)
        inputs, *rest = (torch.from_numpy(column[chosen]).to(self.device).float() for column in columns)
        return (*self.net.planes[number](inputs), *rest)


def _parts(count: int) -> list[np.ndarray[Any, Any]]:
    return np.array_split(np.arange(count), 16)
