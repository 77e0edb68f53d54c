"""The training run of lc-fdnet's networks: the shared runner on samples of stretches of pixels."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from latentpress.parts.integer import set_integer
from latentpress.systems.lc_fdnet.frequencies import HIGH_INPUTS
from latentpress.systems.lc_fdnet.net import LcFdnetNet
from latentpress.systems.lc_fdnet.objective import Stretches, stretch_bits
from latentpress.systems.lc_fdnet.recipe import LcFdnetRecipe
from latentpress.systems.lc_fdnet.samples import (
    StepSamples,
    collect,
    load_samples,
    load_starts,
    save_samples,
    typical_starts,
)
from latentpress.systems.lc_fdnet.subimages import BLOCK
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import load_pictures
from latentpress.training.lossless.loop import SAMPLES, open_state
from latentpress.training.progress import RunLog
from latentpress.training.recipe import read_recipe
from latentpress.training.runner import Runner, RunOptions, prepare

__all__ = ["COLUMNS", "train"]

COLUMNS = ("step", "kind", "bits", "bits_d", "bits_b", "bits_c", "low", "learning_rate", "seconds")
"""Columns of the log: estimated bits a pixel of all planes, mean of the three positions, and of each; the share of
pixels of low frequency. ``kind`` is train (means since the last line) or valid.
"""

_SMALLEST = 128  # pixels of a side; smaller pictures are left out
_START_PICTURES = 5
_HELD_OUT = 100_000  # pixels of a step to validate on
_EDGE = 2  # pixels at either end of a stretch that are not learned from
_ALONE = 0.1  # weight of the bits of all pixels under the first network, which the threshold goes by


def train(
    recipe: str | Path | LcFdnetRecipe,
    data: str | Path | Sequence[str | Path],
    **options: Any,
) -> Path:
    """Train the networks; arguments, result and errors as `latentpress.training.lossless.loop.train`."""
    plan = recipe if isinstance(recipe, LcFdnetRecipe) else LcFdnetRecipe.from_dict(read_recipe(recipe))
    how = RunOptions(**options)
    state = open_state(plan, how, LcFdnetRecipe.from_dict)
    say = prepare(how)
    samples = _samples(plan, how.folder, data, say)
    held_out = _held_out(how.folder, how.valid, say) if how.valid else []
    say(f"{BLOCK * len(samples[0])} pixels of each step, from step {state.step if state else 0}")
    trainer = _Trainer(plan, samples, how.device, state)
    return trainer.run(held_out, how, say)


def _samples(
    plan: LcFdnetRecipe, folder: Path, data: str | Path | Sequence[str | Path], say: Callable[[str], None]
) -> list[StepSamples]:
    """The run's training samples, made at its start and kept in its folder."""
    path = folder / SAMPLES
    if not path.is_file():
        pictures = load_pictures(data, _SMALLEST)
        starts = typical_starts(pictures[:: -(-len(pictures) // _START_PICTURES)])
        samples = collect(pictures, starts, plan.schedule.per_picture, plan.schedule.seed, say)
        save_samples(samples, starts, path)
    return load_samples(path)


def _held_out(folder: Path, valid: str | Path | Sequence[str | Path], say: Callable[[str], None]) -> list[Any]:
    """Stretches of every third picture to validate on."""
    starts = load_starts(folder / SAMPLES)
    pictures = load_pictures(valid, _SMALLEST)[::3]
    return list(collect(pictures, starts, _HELD_OUT // len(pictures), 0, say))


class _Trainer(Runner):
    """A run of the networks of all steps."""

    columns = COLUMNS
    net: LcFdnetNet

    def __init__(self, plan: LcFdnetRecipe, samples: list[StepSamples], device: str, state: Checkpoint | None) -> None:
        self.plan, self._samples = plan, samples
        torch.manual_seed(plan.schedule.seed)
        net = LcFdnetNet(plan.model, [part.inputs.shape[2] for part in samples], HIGH_INPUTS)
        groups = [{"params": list(net.parameters()), "factor": 1.0}]
        super().__init__(plan, plan.schedule, net, groups, [], device, state)
        self.history.pop("pictures", None)  # of which only pixels are left
        self.history["pixels"] = BLOCK * len(samples[0])

    def loss(self, rng: np.random.Generator) -> tuple[Tensor, tuple[float, ...]]:
        """Mean bits a pixel, all planes together; figures: of each position, and the share of low frequencies."""
        set_integer(self.net, self.step >= self.plan.schedule.hard_from * self.plan.schedule.steps)
        count = -(-self.plan.schedule.batch // BLOCK)
        total, bits, low = torch.zeros(()), np.zeros(3), 0.0
        for number, part in enumerate(self._samples):
            coded, alone, mask = self._bits(number, part, rng.integers(0, len(part), count))
            total = total + coded.mean() + _ALONE * alone.mean()
            bits[number // 3] += float(coded.detach().mean())
            low += float(mask.detach().mean()) / len(self._samples)
        return total / 3, (*map(float, bits), low)

    def log_means(self, log: RunLog, means: Sequence[float], rate: float) -> str:
        """A train line."""
        log.row(self.step, "train", sum(means[:3]) / 3, *means, rate, self.seconds)
        return _words(means)

    def validate(self, log: RunLog, held_out: Any) -> tuple[float, str]:
        """Bits a pixel of the held-out pixels, networks in integers."""
        set_integer(self.net, True)
        bits, low = np.zeros(3), 0.0
        for number, part in enumerate(held_out):
            found = [self._bits(number, part, some) for some in np.array_split(np.arange(len(part)), 8)]
            bits[number // 3] += float(torch.cat([coded for coded, _, _ in found]).mean())
            low += float(torch.cat([mask for _, _, mask in found]).mean()) / len(held_out)
        means = (*map(float, bits), low)
        log.row(self.step, "valid", sum(means[:3]) / 3, *means, "", self.seconds)
        return sum(means[:3]) / 3, "valid " + _words(means)

    def _bits(self, number: int, part: StepSamples, chosen: NDArray[Any]) -> tuple[Tensor, ...]:
        columns = (part.inputs, part.offset, part.prediction, part.scale, part.about)
        inputs, offset, prediction, scale, about = (
            torch.from_numpy(column[chosen]).to(self.device).float() for column in columns
        )
        x = Stretches(inputs, offset, prediction, scale, about / 16)
        found = stretch_bits(self.net.each()[number], x)
        return tuple(out[:, _EDGE:-_EDGE] for out in found)


def _words(means: Sequence[float]) -> str:
    return f"d {means[0]:.3f} b {means[1]:.3f} c {means[2]:.3f} = {sum(means[:3]) / 3:.4f}, {means[3]:.0%} low"
