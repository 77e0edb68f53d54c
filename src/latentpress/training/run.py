"""One `train` for all systems: opens the run, makes what it learns from, and lets the `Runner` go."""

from __future__ import annotations

import math
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from latentpress.errors import InvalidInputError
from latentpress.training.arrivals import Arrivals
from latentpress.training.checkpoint import Checkpoint, load_checkpoint
from latentpress.training.plan import Plan, load_plan, training_of
from latentpress.training.runner import CHECKPOINT, Limits, Runner
from latentpress.training.system import Folders, Say

__all__ = ["RunOptions", "train"]


@dataclass(frozen=True)
class RunOptions:
    """What a call of `train` says beside recipe and pictures; the recipe alone decides what is learned.

    run: folder for the checkpoint and the log. valid: folder or folders of pictures for validation points in the log
    and for choosing the best weights. minutes: time after which the run ends. max_steps: step at which it ends. resume:
    go on from the run's checkpoint if it has one (the sizes of its network must be those of the recipe; the schedule
    may have changed). start: a checkpoint whose averaged weights a new run begins with, at step 0 of its schedule; or a
    model package, by name or folder.
    device: ``cpu`` or ``cuda``. threads: of the CPU. checkpoint_minutes: between two writings. report: gets a line of
    progress now and then (default: standard error). arrived: says which files of pictures are there now; new ones are
    learned from while the run goes on, which is then not the same run again. accelerate: how steps run
    (`step.ACCELERATIONS`; default: as a CUDA graph on a GPU). saved: called after each writing of the checkpoint.
    until: a time of `time.monotonic` that ends the run too, so that loading counts.
    """

    run: str | Path
    valid: Folders | None = None
    minutes: float | None = None
    max_steps: int | None = None
    resume: bool = False
    start: str | Path | None = None
    device: str = "cpu"
    threads: int | None = None
    checkpoint_minutes: float = 5.0
    report: Say | None = None
    accelerate: str | None = None
    saved: Callable[[], None] | None = None
    arrived: Callable[[], Sequence[Path]] | None = None
    until: float = math.inf

    @property
    def folder(self) -> Path:
        """Of checkpoint and log."""
        return Path(self.run)


def train(recipe: str | Path | Plan, data: Folders, **options: Any) -> Path:
    """Train until the recipe's last step, or until ``options``, those of `RunOptions`, or a request to the process say
    to stop; then save and return the checkpoint's path.

    ``data``: folder or folders of pictures. What a training does before its first step (samples of pixels, a network
    to begin with) does not count into ``minutes``. Raises InvalidInputError for a bad recipe, folder or device, when a
    checkpoint is there and the run is not to be resumed, and when nothing can be made of the checkpoint to start from.
    """
    plan, how = load_plan(recipe), RunOptions(**options)
    if how.threads:
        torch.set_num_threads(how.threads)
    if how.device != "cpu" and not torch.cuda.is_available():
        raise InvalidInputError(f"device {how.device} is not available here; use --device cpu")
    torch.set_float32_matmul_precision("highest")  # no TF32: sums of the entropy networks stay exact on every device
    torch.backends.cudnn.allow_tf32 = False
    training = training_of(plan.codec)(plan, how.device)
    say = how.report or (lambda line: print(line, file=sys.stderr, flush=True))
    state, running = _opened(plan, how)
    samples = training.samples(data, how.folder, say)
    held_out = training.held_out(how.valid, samples, say) if how.valid else None
    shown = f", {len(held_out)} for validation" if held_out is not None else ""
    say(f"{len(samples)} {training.counted}{shown}, from step {state.step if state and running else 0}")
    torch.manual_seed(plan.schedule.seed)
    net = training.network(None if state else samples)
    if how.start is not None and not state:
        from latentpress.models import named_model  # exports, which a bare machine does not
        from latentpress.training.from_package import package_state

        state = _next_stage(package_state(named_model(str(how.start)), training, net))
    elif state and not running:
        fits = _same(state.recipe, plan)
        state = _next_stage(state if fits else replace(state, average=training.adopt(state, net)))
    runner = Runner(training, net, samples, state)
    until = how.until if how.minutes is None else min(how.until, time.monotonic() + 60 * how.minutes)
    limits = Limits(plan.schedule.steps if how.max_steps is None else how.max_steps, until)
    arrivals = None
    if how.arrived:
        known = [data] if isinstance(data, str | Path) else data
        arrivals = Arrivals(how.arrived, lambda files: training.samples(files, how.folder, say), known)
    return runner.run(
        how.folder, held_out, limits, say,
        accelerate=how.accelerate, checkpoint_seconds=60 * how.checkpoint_minutes, saved=how.saved, arrivals=arrivals,
    )  # fmt: skip


def _opened(plan: Plan, how: RunOptions) -> tuple[Checkpoint | None, bool]:
    """The checkpoint that a run begins with, or None; and whether it is the run's own. Makes the run's folder."""
    own = how.folder / CHECKPOINT
    running = own.is_file()
    if running and not how.resume:
        raise InvalidInputError(f"{own} exists already; pass --resume to go on with it, or choose another folder")
    source = own if running else how.start
    state = load_checkpoint(source) if source is not None and (running or _is_checkpoint(source)) else None
    if state and running and not _same(state.recipe, plan):
        raise InvalidInputError(f"{own} was made with other network sizes than the recipe's, or for another codec")
    how.folder.mkdir(parents=True, exist_ok=True)
    return state, running


def _is_checkpoint(start: str | Path) -> bool:
    """Whether a run is to begin with a checkpoint, which may be missing, and not with a model package."""
    return Path(start).is_file() or Path(start).suffix == ".safetensors"


def _same(one: Plan, other: Plan) -> bool:
    """Whether two plans have the same network."""
    return (one.codec, one.model) == (other.codec, other.model)


def _next_stage(state: Checkpoint) -> Checkpoint:
    """What a new run begins with: the averaged weights of another, at step 0, and where they come from."""
    history = {key: value for key, value in state.history.items() if not key.startswith("best_")}
    began = {"recipe": state.recipe.to_dict(), "steps": state.step, "hardware": history.get("hardware")}
    history |= {"stages": [*history.get("stages", []), began]}
    return replace(state, step=0, weights=state.average, moments={}, updates={}, history=history)
