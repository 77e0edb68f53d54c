"""The training run of the codec `importance-map`."""

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
from latentpress.systems.importance_map.net import ImportanceNet, placeholder_basis
from latentpress.systems.importance_map.objective import code, error_weights, plane_bits
from latentpress.systems.importance_map.recipe import ImportanceRecipe
from latentpress.training.checkpoint import Checkpoint
from latentpress.training.data import Pictures, load_pictures, sample_crops
from latentpress.training.progress import RunLog
from latentpress.training.recipe import Recipe, read_recipe
from latentpress.training.runner import CHECKPOINT, Runner, RunOptions, next_stage, open_run, prepare
from latentpress.training.transplant import transplant
from latentpress.transforms import KltBasis, fit_klt

__all__ = ["COLUMNS", "train"]

COLUMNS = ("step", "kind", "rate", "loss", "bpp", "psnr", "plane_bpp", "map_bpp", "dropped", "learning_rate", "seconds")
"""Columns of the log, as `training.progress.COLUMNS`. ``plane_bpp``: what the context network asks for; ``map_bpp``:
estimate for the importance map; ``dropped``: standard deviation of the planes dropped, over the places of a picture.
"""

_NEW_FACTOR, _TABLE_FACTOR = 4.0, 40.0  # of the learning rate
_WEIGHT_CROPS = 2
_DRAWS = 4  # of planes, for each validation point


def train(
    recipe: str | Path | ImportanceRecipe,
    data: str | Path | Sequence[str | Path],
    **options: Any,
) -> Path:
    """Train the codec; arguments, result and errors as `latentpress.systems.hyperprior.training.train`.

    ``start`` may be a checkpoint of the hyperprior: analysis and synthesis begin with its weights.
    """
    plan = recipe if isinstance(recipe, ImportanceRecipe) else ImportanceRecipe.from_dict(read_recipe(recipe))
    how = RunOptions(**options)
    state = _open_run(plan, how)
    say = prepare(how)
    pictures = load_pictures(data, plan.schedule.crop)
    held_out = load_pictures(how.valid, 64)[::3] if how.valid else []
    say(f"{len(pictures)} training pictures, {len(held_out)} for validation, from step {state.step if state else 0}")
    trainer = _Trainer(plan, pictures, how.device, state)
    return trainer.run(held_out, how, say)


def _open_run(plan: ImportanceRecipe, how: RunOptions) -> Checkpoint | None:
    """The state that the run begins with, or None for a network of its own making."""
    state, running = open_run(how, _parse)
    if state is None:
        return None
    same = isinstance(state.recipe, ImportanceRecipe) and state.recipe.model == plan.model
    if running:
        if not same:
            raise InvalidInputError(f"{how.folder / CHECKPOINT} was made with other network sizes than the recipe")
        return state
    if not same:
        torch.manual_seed(plan.schedule.seed)
        fresh = ImportanceNet(plan.model, placeholder_basis(plan.model.latents)).state_dict()
        fresh["estimate.offset.table"].fill_(12.0)  # no basis says it
        state = replace(state, average=transplant(state.average, fresh))
    return next_stage(state)


def _parse(values: dict[str, Any]) -> ImportanceRecipe | Recipe:
    kind = ImportanceRecipe if values.get("codec") == "importance-map" else Recipe
    return kind.from_dict(values)


class _Trainer(Runner):
    """A run of the codec."""

    columns = COLUMNS
    net: ImportanceNet

    def __init__(self, plan: ImportanceRecipe, pictures: Pictures, device: str, state: Checkpoint | None) -> None:
        self.plan = plan
        torch.manual_seed(plan.schedule.seed)
        net = ImportanceNet(plan.model, _starting_basis(plan, pictures, state))
        super().__init__(plan, plan.schedule, net, _groups(net, plan), pictures, device, state)
        self._measured: Tensor | None = None

    def _restore(self, state: Checkpoint) -> None:
        """Adam counts the steps of each parameter, and the transforms began later than the run."""
        super()._restore(state)
        begun = math.ceil(self.plan.schedule.transforms_from * self.plan.schedule.steps)
        for name, parameter in self.net.named_parameters():
            if name.startswith(("analysis", "synthesis")) and parameter in self.optimiser.state:
                self.optimiser.state[parameter]["step"] -= begun

    def loss(self, rng: np.random.Generator) -> tuple[Tensor, tuple[float, ...]]:
        """Mean of log2(rate + lambda * error), and the planes' code length as a share of the rate."""
        schedule, model = self.plan.schedule, self.plan.model
        crops = sample_crops(self.pictures, schedule.batch, schedule.crop, rng)
        places = (rng.permutation(schedule.batch) + rng.random(schedule.batch)) / schedule.batch
        last = model.transforms.last_rate
        rates = torch.from_numpy(np.minimum((places * (last + 1)).astype(np.int64), last)).to(self.device)
        noise = torch.Generator(self.device).manual_seed(int(rng.integers(2**62)))
        x = torch.from_numpy(crops).to(self.device).to(torch.float32)
        set_integer(self.net, schedule.hard(self.step))
        outcome = code(
            self.net, x, rates, weights=self._weights(), generator=noise,
            mixed_precision=schedule.mixed_precision,
        )  # fmt: skip
        planes = plane_bits(self.net, outcome, rates, noise)
        cost = outcome.bpp() + model.transforms.lambdas(rates) * outcome.mse
        loss = torch.log(cost).mean() / math.log(2)
        area = x.shape[2] * x.shape[3]
        share = (planes / (outcome.bits.detach() + 0.02 * area)).mean()
        with torch.no_grad():
            figures = (
                loss.item(),
                outcome.bpp().mean().item(),
                outcome.mse.mean().item(),
                (planes.mean() / area).item(),
                (outcome.map_bits.mean() / area).item(),
                outcome.dropped.std(dim=(1, 2, 3)).mean().item(),
            )
        return loss + share, figures

    def _weights(self) -> Tensor | None:
        """What errors of feature maps weigh as long as the transforms do not learn, None from then on."""
        if self.plan.schedule.transforms(self.step):
            return None
        if self._measured is None:
            rng = np.random.default_rng(self.plan.schedule.seed)
            crops = torch.from_numpy(sample_crops(self.pictures, _WEIGHT_CROPS, 64, rng)).to(self.device).float()
            self._measured = error_weights(self.net, crops).to(self.device)
        return self._measured

    def log_means(self, log: RunLog, means: Sequence[float], rate: float) -> str:
        """A train line."""
        loss, bpp, mse, planes, maps, spread = means
        psnr = 10 * math.log10(255**2 / max(mse, 1e-9))
        log.row(self.step, "train", "", loss, bpp, psnr, planes, maps, spread, rate, self.seconds)
        return f"loss {loss:.4f}  bpp {bpp:.3f}  planes {planes:.3f}  map {maps:.4f}  spread {spread:.2f}"

    def validate(self, log: RunLog, held_out: Pictures) -> tuple[float, str]:
        """Points at five rates, and their mean loss: estimates of rate and true errors."""
        last = self.plan.model.transforms.last_rate
        points = []
        for rate in range(0, last + 1, last // 4):
            rows = [self._point(picture, rate) for picture in held_out]
            loss, bpp, psnr, planes, maps, spread = (float(mean) for mean in np.mean(rows, axis=0))
            log.row(self.step, "valid", rate, loss, bpp, psnr, planes, maps, spread, "", self.seconds)
            points.append((loss, bpp, psnr, planes))
        mean = float(np.mean([point[0] for point in points]))
        shown = "  ".join(f"{bpp:.3f}({planes:.3f})/{psnr:.2f}" for _, bpp, psnr, planes in points)
        return mean, f"valid {mean:.4f}  {shown}"

    def _point(self, picture: np.ndarray[Any, Any], rate: int) -> tuple[float, ...]:
        """Loss, bits a pixel, PSNR, planes' and map's bits a pixel, and spread of a picture at a rate."""
        height, width = (side // 64 * 64 for side in picture.shape[:2])
        x = torch.from_numpy(picture[:height, :width].transpose(2, 0, 1).copy()).float()[None].to(self.device)
        index = torch.tensor([rate], device=self.device)
        set_integer(self.net, True)
        outcome = code(self.net, x, index, mixed_precision=self.plan.schedule.mixed_precision)
        noise = torch.Generator(self.device).manual_seed(rate)
        planes = np.mean([plane_bits(self.net, outcome, index, noise).item() for _ in range(_DRAWS)])
        assert outcome.picture is not None
        error = (outcome.picture.round().clamp(0, 255) - x).square().mean().item()
        cost = outcome.bpp() + self.plan.model.transforms.lambdas(index) * outcome.mse
        area = height * width
        return (
            math.log2(cost.item()),
            outcome.bpp().item(),
            10 * math.log10(255**2 / max(error, 1e-9)),
            float(planes) / area,
            outcome.map_bits.item() / area,
            outcome.dropped.std().item(),
        )


def _groups(net: ImportanceNet, plan: ImportanceRecipe) -> list[dict[str, Any]]:
    """Parameters for Adam: the transforms' networks; their linear parts, much slower; what is small and begins with
    nothing, faster; and tables of scale indices and logits, which are large numbers.
    """
    groups: dict[float, list[torch.nn.Parameter]] = {}
    for name, parameter in net.named_parameters():
        if name in ("analysis.linear.weight", "synthesis.linear.weight"):
            factor = plan.schedule.linear_factor
        elif name in ("estimate.offset.table", "context.offset.table"):
            factor = _TABLE_FACTOR
        else:
            factor = 1.0 if name.startswith(("analysis", "synthesis")) else _NEW_FACTOR
        groups.setdefault(factor, []).append(parameter)
    return [{"params": parameters, "factor": factor} for factor, parameters in groups.items()]


def _starting_basis(plan: ImportanceRecipe, pictures: Pictures, state: Checkpoint | None) -> KltBasis:
    if state:  # its weights replace these
        return placeholder_basis(plan.model.latents)
    stride = max(1, len(pictures) // plan.schedule.klt_pictures)
    try:
        return fit_klt(pictures[::stride], plan.model.latents)
    except ValueError as error:
        raise InvalidInputError(f"the training pictures do not do: {error}") from None
