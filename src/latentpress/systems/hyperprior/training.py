"""The training loop: any run can be cut at any step and resumed to the same result."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor

from latentpress.errors import InvalidInputError
from latentpress.parts.integer import set_integer
from latentpress.systems.hyperprior.net import HyperpriorNet
from latentpress.systems.hyperprior.objective import code, log_loss
from latentpress.systems.hyperprior.validation import validate
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures, load_held_out, load_pictures
from latentpress.training.progress import COLUMNS, RunLog
from latentpress.training.recipe import Recipe, Schedule, load_recipe
from latentpress.training.runner import (
    BEST,
    CHECKPOINT,
    LOG,
    Runner,
    RunOptions,
    learning_rate,
    next_stage,
    open_run,
    prepare,
)
from latentpress.training.sources import crop_source
from latentpress.training.transplant import transplant
from latentpress.transforms import KltBasis, fit_klt

__all__ = ["BEST", "CHECKPOINT", "LOG", "Trainer", "learning_rate", "train"]


def train(
    recipe: str | Path | Recipe,
    data: str | Path | Sequence[str | Path],
    **options: Any,
) -> Path:
    """Train until the recipe's last step, or until ``options``, those of `RunOptions`, or a request to the process say
    to stop; then save and return the checkpoint's path.

    ``data``: folder or folders of pictures. The network of a checkpoint to start from may have other sizes
    (`transplant`). Raises InvalidInputError for a bad recipe, folder or device, or when a checkpoint is there and the
    run is not to be resumed.
    """
    plan = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    how = RunOptions(**options)
    state = _open_run(plan, how)
    say = prepare(how)
    pictures = load_pictures(data, plan.schedule.crop)
    held_out = load_held_out(how.valid) if how.valid else []
    say(f"{len(pictures)} training pictures, {len(held_out)} for validation, from step {state.step if state else 0}")
    trainer = Trainer(plan, pictures, how.device, state)
    return trainer.run(held_out, how, say)


def _open_run(plan: Recipe, how: RunOptions) -> Checkpoint | None:
    """The state that the run begins with, or None for a network of its own making."""
    state, running = open_run(how, Recipe.from_dict)
    if state is None:
        return None
    if running:
        if state.recipe.model != plan.model:
            raise InvalidInputError(f"{how.folder / CHECKPOINT} was made with other network sizes than the recipe")
        return state
    if state.recipe.model != plan.model:
        torch.manual_seed(plan.schedule.seed)
        fitting = HyperpriorNet(plan.model, _placeholder_basis(plan)).state_dict()
        state = replace(state, average=transplant(state.average, fitting))
    return next_stage(state)


class Trainer(Runner):
    """A run of the hyperprior codec, from ``state`` or from a network of its own making."""

    columns = COLUMNS
    net: HyperpriorNet
    recordable = True

    def __init__(self, plan: Recipe, pictures: Pictures, device: str, state: Checkpoint | None) -> None:
        self.plan = plan
        torch.manual_seed(plan.schedule.seed)
        net = HyperpriorNet(plan.model, _starting_basis(plan, pictures, state))
        if plan.objective.encoder_only:
            net.requires_grad_(False)
            net.analysis.requires_grad_(True)
        super().__init__(plan, plan.schedule, net, _groups(net, plan.schedule), pictures, device, state)
        self._source = crop_source(pictures, device)
        self._hard = False

    def enter(self) -> bool:
        """Whether the next step is quantisation-aware."""
        self._hard = self.plan.schedule.hard(self.step)
        set_integer(self.net, self._hard)
        return self._hard

    def draw(self, rng: np.random.Generator) -> tuple[Tensor, ...]:
        """What the crops are made of, rate indices, noise in [0, 1) for hyper latents and latents."""
        schedule, model = self.plan.schedule, self.plan.model
        crops = self._source.draw(schedule.batch, schedule.crop, rng)
        rates = torch.from_numpy(_stratified_rates(schedule.batch, model.last_rate, rng))
        generator = torch.Generator(self.device).manual_seed(int(rng.integers(2**62)))
        noise = [
            torch.rand(schedule.batch, channels, side, side, generator=generator, device=self.device)
            for channels, side in ((model.hyper_latents, schedule.crop // 64), (model.latents, schedule.crop // 16))
        ]
        return crops, rates, *noise

    def loss(self, drawn: Tensor, rates: Tensor, hyper_noise: Tensor, noise: Tensor) -> tuple[Tensor, Tensor]:
        """Loss, and means over the batch of loss, bits a pixel, squared error and hyper bits a pixel."""
        schedule = self.plan.schedule
        x = self._source.crops(drawn, schedule.crop)
        objective = self.plan.objective
        outcome = code(
            self.net,
            x,
            rates,
            hard=self._hard,
            noise=(hyper_noise, noise),
            mixed_precision=schedule.mixed_precision,
            quantisation=objective.quantisation,
        )
        loss = log_loss(outcome, x, self.plan.model.lambdas(rates), objective.distortion, objective.average)
        with torch.no_grad():
            hyper = outcome.hyper_bits.mean() / (schedule.crop * schedule.crop)
            figures = torch.stack([loss.detach(), outcome.bpp().mean(), outcome.mse(x).mean(), hyper])
        return loss, figures

    def log_means(self, log: RunLog, means: Sequence[float], rate: float) -> str:
        """A train line."""
        loss, bpp, mse, hyper = means
        psnr = 10 * math.log10(255**2 / max(mse, 1e-9))
        log.row(self.step, "train", "", loss, bpp, psnr, hyper, rate, self.seconds)
        return f"loss {loss:.4f}  bpp {bpp:.3f}"

    def validate(self, log: RunLog, held_out: Pictures) -> tuple[float, str]:
        """Points at five rates, and their mean loss."""
        last = self.plan.model.last_rate
        points = validate(
            self.net,
            held_out,
            range(0, last + 1, last // 4),
            distortion=self.plan.objective.distortion,
            device=self.device,
            mixed_precision=self.plan.schedule.mixed_precision,
        )
        for p in points:
            log.row(self.step, "valid", p.rate, p.loss, p.bpp, p.psnr, "", "", self.seconds)
        mean = float(np.mean([p.loss for p in points]))
        return mean, f"valid {mean:.4f}  " + "  ".join(f"{p.bpp:.3f}/{p.psnr:.2f}" for p in points)


def _starting_basis(plan: Recipe, pictures: Pictures, state: Checkpoint | None) -> KltBasis:
    if state:  # its weights replace these
        return _placeholder_basis(plan)
    if plan.schedule.klt_pictures == 0:
        return _random_basis(plan)
    stride = max(1, len(pictures) // plan.schedule.klt_pictures)
    try:
        return fit_klt(pictures[::stride], plan.model.latents)
    except ValueError as error:
        raise InvalidInputError(f"the training pictures do not do: {error}") from None


def _random_basis(plan: Recipe) -> KltBasis:
    """Orthonormal directions that know nothing of pictures, with the deviation of a pixel."""
    m = plan.model.latents
    directions, _ = np.linalg.qr(np.random.default_rng(plan.schedule.seed).normal(size=(768, m)))
    return KltBasis(directions.T.astype(np.float32), np.full(m, 50.0, np.float32), 128.0)


def _placeholder_basis(plan: Recipe) -> KltBasis:
    """A basis of which only the shapes matter."""
    m = plan.model.latents
    return KltBasis(np.zeros((m, 768), np.float32), np.ones(m, np.float32), 128.0)


def _groups(net: HyperpriorNet, schedule: Schedule) -> list[dict[str, Any]]:
    """Parameters for Adam (Kingma and Ba 2015); the linear block transforms with a much smaller step."""
    slow = {id(p) for p in (net.analysis.linear.weight, net.synthesis.linear.weight)}
    learning = [p for p in net.parameters() if p.requires_grad]
    return [
        {"params": [p for p in learning if id(p) not in slow], "factor": 1.0},
        {"params": [p for p in learning if id(p) in slow], "factor": schedule.linear_factor},
    ]


def _stratified_rates(count: int, last: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A rate index for each picture, one from each of ``count`` equal parts of the range: every step sees all rates."""
    places = (rng.permutation(count) + rng.random(count)) / count
    return np.minimum((places * (last + 1)).astype(np.int64), last)
