"""The training run of a patch autoencoder: pre-training as a Boltzmann machine, then the shared runner."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentpress.errors import InvalidInputError
from latentpress.systems.dbm_autoencoder.net import PatchAutoencoder
from latentpress.systems.dbm_autoencoder.patches import Pixels, collect
from latentpress.systems.dbm_autoencoder.pretraining import pretrain
from latentpress.systems.dbm_autoencoder.recipe import BoltzmannRecipe
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import load_pictures
from latentpress.training.progress import RunLog
from latentpress.training.recipe import read_recipe
from latentpress.training.runner import Runner, RunOptions, next_stage, open_run, prepare

__all__ = ["COLUMNS", "Trainer", "starting_network", "train"]

COLUMNS = ("step", "kind", "mse", "psnr", "bits", "learning_rate", "seconds")
"""Columns of the log. ``kind`` is train (means since the last line, codes with noise) or valid (codes rounded, with the
empirical entropy of the code units in bits a pixel)."""

_SMALLEST = 64  # pixels; smaller pictures are left out
_HELD_OUT = 20_000  # patches


def train(
    recipe: str | Path | BoltzmannRecipe,
    data: str | Path | Sequence[str | Path],
    **options: Any,
) -> Path:
    """Train a patch autoencoder; arguments, result and errors as `latentpress.systems.hyperprior.training.train`.

    The pre-training runs on the CPU, comes first, and does not count into ``minutes``; a run that is resumed or given a
    ``start`` does without.
    """
    plan = recipe if isinstance(recipe, BoltzmannRecipe) else BoltzmannRecipe.from_dict(read_recipe(recipe))
    how = RunOptions(**options)
    state, running = open_run(how, BoltzmannRecipe.from_dict)
    if state is not None and state.recipe.model != plan.model:
        raise InvalidInputError(f"the checkpoint for {how.folder} was made with other sizes than the recipe's")
    say = prepare(how)
    patches = collect(load_pictures(data, _SMALLEST), plan.model.patch, plan.schedule.patches, plan.schedule.seed)
    held_out = [collect(load_pictures(how.valid, _SMALLEST), plan.model.patch, _HELD_OUT, 0)] if how.valid else []
    if state is None:
        say(f"{len(patches)} patches; pre-training")
        net = starting_network(plan, patches)
    else:
        net = PatchAutoencoder(plan.model)
        state = state if running else next_stage(state)
    trainer = Trainer(plan, patches, net, how.device, state)
    return trainer.run(held_out, how, say)


def starting_network(plan: BoltzmannRecipe, patches: Pixels) -> PatchAutoencoder:
    """What fine-tuning begins with: the machine unrolled, or random weights without pre-training."""
    pixels = torch.from_numpy(patches).float()
    pixels -= PatchAutoencoder(plan.model).means(pixels)
    unit = plan.pretraining.visible_std / max(float(pixels.std()), 1e-6)
    torch.manual_seed(plan.schedule.seed)
    if not plan.pretraining.rbm_steps:
        return PatchAutoencoder(plan.model, unit, plan.schedule.start_gain)
    machine = pretrain(pixels * unit, plan.model.hidden, plan.pretraining, plan.schedule.seed)
    return PatchAutoencoder.unroll(machine, plan.model, unit)


class Trainer(Runner):
    """Fine-tuning by back-propagation: squared error of patches whose code has the quantiser's noise."""

    columns = COLUMNS
    net: PatchAutoencoder

    def __init__(
        self, plan: BoltzmannRecipe, patches: Pixels, net: PatchAutoencoder, device: str, state: Checkpoint | None
    ) -> None:
        self.plan = plan
        self._patches = torch.from_numpy(patches)
        groups = [{"params": list(net.parameters()), "factor": 1.0}]
        super().__init__(plan, plan.schedule, net, groups, [], device, state)
        self.history.pop("pictures", None)  # of which only patches are left
        self.history["patches"] = len(patches)

    def loss(self, rng: np.random.Generator) -> tuple[Tensor, tuple[float, ...]]:
        """Mean squared error in units of the network; figures: in squared grey levels."""
        rows = rng.integers(0, len(self._patches), self.plan.schedule.batch)
        pixels = self._patches[torch.from_numpy(rows)].to(self.device).float()
        code = self.net.encode(pixels)
        noise = torch.from_numpy(rng.random(code.shape, np.float32) - np.float32(0.5)).to(self.device)
        restored = self.net.decode(code + self.net.dequantise(noise), self.net.means(pixels))
        error = (restored - pixels).square().mean()
        return error * self.net.unit**2, (error.item(),)

    def log_means(self, log: RunLog, means: Sequence[float], rate: float) -> str:
        """A train line."""
        psnr = _psnr(means[0])
        log.row(self.step, "train", means[0], psnr, "", rate, self.seconds)
        return f"{psnr:.2f} dB"

    def validate(self, log: RunLog, held_out: Any) -> tuple[float, str]:
        """Squared error of held-out patches with rounded codes, clipped to 0..255, which is also the loss to choose
        by."""
        pixels = torch.from_numpy(np.concatenate(held_out)).to(self.device).float()
        error, bits = held_out_error(self.net, pixels)
        log.row(self.step, "valid", error, _psnr(error), bits, "", self.seconds)
        return error, f"valid {_psnr(error):.2f} dB, {bits:.3f} bits a pixel"


@torch.no_grad()
def held_out_error(net: PatchAutoencoder, pixels: Tensor) -> tuple[float, float]:
    """Mean squared error with rounded codes, and the empirical entropy of the code units in bits a pixel."""
    symbols = net.quantise(net.encode(pixels))
    restored = net.decode(net.dequantise(symbols), net.means(pixels)).round().clamp(0, 255)
    shares = torch.stack([(symbols == level).float().mean(0) for level in range(net.config.levels)])
    bits = -torch.xlogy(shares, shares).sum() / math.log(2) / net.config.pixels
    return float((restored - pixels).square().mean()), float(bits)


def _psnr(error: float) -> float:
    return 10 * math.log10(255**2 / max(error, 1e-9))
