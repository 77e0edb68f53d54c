"""A restorer's training run: the shared runner with JPEG artefacts and the multi-scale loss."""

from __future__ import annotations

import math
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentpress.errors import InvalidInputError
from latentpress.restoration.tables import describe
from latentpress.systems.cas_cnn.net import symmetric_
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures, load_pictures, sample_crops
from latentpress.training.progress import RunLog
from latentpress.training.recipe import read_recipe
from latentpress.training.restoration.data import degrade
from latentpress.training.restoration.objective import edge_error, scale_errors, ycc_of
from latentpress.training.restoration.recipe import RestorationRecipe, build_restorer
from latentpress.training.restoration.validation import validate
from latentpress.training.runner import Runner, RunOptions, next_stage, open_run, prepare

__all__ = ["COLUMNS", "train"]

COLUMNS = ("step", "kind", "quality", "loss", "psnr", "gain", "learning_rate", "seconds")
"""Columns of the log. ``kind`` is train (means since the last line, all qualities together) or valid (means over
pictures at one JPEG ``quality``). ``gain``: PSNR over that of the JPEG, in dB.
"""

_FLOOR = 1.0  # squared grey levels; a crop that the JPEG shows nearly without error counts less


def train(
    recipe: str | Path | RestorationRecipe,
    data: str | Path | Sequence[str | Path],
    **options: Any,
) -> Path:
    """Train a restorer; arguments, result and errors as `latentpress.systems.hyperprior.training.train`."""
    plan = recipe if isinstance(recipe, RestorationRecipe) else RestorationRecipe.from_dict(read_recipe(recipe))
    how = RunOptions(**options)
    state = _open_run(plan, how)
    say = prepare(how)
    pictures = load_pictures(data, plan.schedule.crop)
    held_out = load_pictures(how.valid, 64)[::3] if how.valid else []
    say(f"{len(pictures)} training pictures, {len(held_out)} for validation, from step {state.step if state else 0}")
    trainer = _Trainer(plan, pictures, how.device, state)
    return trainer.run(held_out, how, say)


def _open_run(plan: RestorationRecipe, how: RunOptions) -> Checkpoint | None:
    """The state that the run begins with, or None for a network of its own making."""
    state, running = open_run(how, RestorationRecipe.from_dict)
    if state is None:
        return None
    if (state.recipe.codec, state.recipe.model) != (plan.codec, plan.model):
        raise InvalidInputError(f"the checkpoint for {how.folder} was made with another network than the recipe's")
    return state if running else next_stage(state)


class _Trainer(Runner):
    """A run of a restorer."""

    columns = COLUMNS

    def __init__(self, plan: RestorationRecipe, pictures: Pictures, device: str, state: Checkpoint | None) -> None:
        self.plan = plan
        torch.manual_seed(plan.schedule.seed)
        net = build_restorer(plan)
        if plan.schedule.symmetric_start:
            symmetric_(net)
        groups = [{"params": list(net.parameters()), "factor": 1.0}]
        super().__init__(plan, plan.schedule, net, groups, pictures, device, state)

    def loss(self, rng: np.random.Generator) -> tuple[Tensor, tuple[float, ...]]:
        """Mean over the crops of the squared error that is left, as a share of the JPEG's, summed over resolutions.

        As a share, because the error at quality 5 is a hundred times that at quality 95 and would own the gradient.
        Figures: loss, squared error of the result and of the JPEG.
        """
        schedule = self.plan.schedule
        crops = sample_crops(self.pictures, schedule.batch, schedule.crop, rng)
        decoded, quantisations = degrade(crops, rng)
        values = {name: torch.from_numpy(v).to(self.device) for name, v in describe(quantisations).items()}
        clean, jpeg = (ycc_of(torch.from_numpy(x).to(self.device).float()) for x in (crops, decoded))
        wanted = clean - jpeg
        with torch.autocast(wanted.device.type, torch.bfloat16, enabled=schedule.mixed_precision):
            corrections = self.net.corrections(jpeg, **{name: values[name] for name in self.net.inputs})  # type: ignore[operator,union-attr]
        if self.step >= schedule.full_resolution_from * schedule.steps:
            corrections = corrections[:1]
        corrections = [correction.float() for correction in corrections]
        before = scale_errors([torch.zeros_like(wanted)], wanted)[0]
        errors = scale_errors(corrections, wanted)
        total = torch.stack(errors).sum(0)
        if schedule.edge_weight:
            total = total + schedule.edge_weight * edge_error(corrections[0], wanted)
        loss = (total / (before + _FLOOR)).mean()
        return loss, (loss.item(), errors[0].mean().item(), before.mean().item())

    def log_means(self, log: RunLog, means: Sequence[float], rate: float) -> str:
        """A train line."""
        loss, after, before = means
        psnr, gain = 10 * math.log10(255**2 / max(after, 1e-9)), 10 * math.log10(before / max(after, 1e-9))
        log.row(self.step, "train", "", loss, psnr, gain, rate, self.seconds)
        return f"loss {loss:.4f}  gain {gain:.3f} dB"

    def validate(self, log: RunLog, held_out: Pictures) -> tuple[float, str]:
        """Points at five qualities; what the mean gain is short of 10 dB is the loss to choose by."""
        mixed = self.plan.schedule.mixed_precision
        points = validate(self.net, held_out, device=self.device, mixed_precision=mixed)
        for p in points:
            log.row(self.step, "valid", p.quality, "", p.psnr, p.gain, "", self.seconds)
        gain = float(np.mean([p.gain for p in points]))
        return 10 - gain, f"valid gain {gain:.4f} dB  " + "  ".join(f"{p.quality}: {p.gain:+.3f}" for p in points)
