"""What every training run does, whatever it trains: steps, average, checkpoints, log, time budget, resuming.

A system derives from `Runner` and says what its network is, what a step's loss is and how it is validated.
"""

from __future__ import annotations

import math
import platform
import sys
import time
from abc import ABC, abstractmethod
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any, Protocol

import numpy as np
import torch
from torch import Tensor

from latentpress.errors import InvalidInputError
from latentpress.training.checkpoint import AnyRecipe, Checkpoint, load_checkpoint, network_state, save_checkpoint
from latentpress.training.data import Pictures, step_generator
from latentpress.training.progress import RunLog, StopRequests
from latentpress.training.step import make_step

__all__ = [
    "BEST",
    "CHECKPOINT",
    "LOG",
    "AnySchedule",
    "RunOptions",
    "Runner",
    "learning_rate",
    "next_stage",
    "open_run",
    "prepare",
]

CHECKPOINT = "checkpoint.safetensors"
"""Name of the checkpoint inside a run's folder."""

BEST = "best.safetensors"
"""Name of the averaged weights with the lowest validation loss so far, a checkpoint without moments."""

LOG = "log.csv"
"""Name of the log inside a run's folder: a line of training means every 100 steps, validation points as they are
taken.
"""

_LOG_EVERY = 100


class AnySchedule(Protocol):
    """What every schedule says."""

    @property
    def steps(self) -> int:
        """Optimiser steps in all."""

    @property
    def learning_rate(self) -> float:
        """Of Adam, after the warm-up."""

    @property
    def warmup(self) -> int:
        """Steps over which the learning rate rises."""

    @property
    def decay_from(self) -> float:
        """Fraction of the steps from which on it falls."""

    @property
    def ema(self) -> float:
        """Decay of the averaged weights."""

    @property
    def clip(self) -> float:
        """Largest gradient norm."""

    @property
    def seed(self) -> int:
        """Of weights, crops and all else that is drawn."""

    @property
    def validate_every(self) -> int:
        """Steps between validations."""


def learning_rate(schedule: AnySchedule, step: int) -> float:
    """Learning rate of a step: linear warm-up, constant, then 1/2 (1 + cos) down to zero."""
    warm = min(1.0, (step + 1) / max(1, schedule.warmup))
    start = schedule.decay_from * schedule.steps
    if step < start:
        return schedule.learning_rate * warm
    progress = (step - start) / max(1.0, schedule.steps - start)
    return schedule.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


@dataclass(frozen=True)
class RunOptions:
    """What a call of a system's ``train`` says beside recipe and pictures; the recipe alone decides what is learned.

    run: folder for the checkpoint and the log. valid: folder or folders of pictures for validation points in the log
    and for choosing the best weights. minutes: time after which the run ends. max_steps: step at which it ends. resume:
    go on from the run's checkpoint if it has one (the sizes of its network must be those of the recipe; the schedule
    may have changed). start: a checkpoint whose averaged weights a new run begins with, at step 0 of its schedule.
    device: ``cpu`` or ``cuda``. threads: of the CPU. checkpoint_minutes: between two writings. report: gets a line of
    progress now and then (default: standard error). accelerate: how steps run (`step.ACCELERATIONS`; default: as a
    CUDA graph on a GPU). saved: called after each writing of the checkpoint. until: a time of `time.monotonic` that
    ends the run too, so that loading counts.
    """

    run: str | Path
    valid: str | Path | Sequence[str | Path] | None = None
    minutes: float | None = None
    max_steps: int | None = None
    resume: bool = False
    start: str | Path | None = None
    device: str = "cpu"
    threads: int | None = None
    checkpoint_minutes: float = 5.0
    report: Callable[[str], None] | None = None
    accelerate: str | None = None
    saved: Callable[[], None] | None = None
    until: float = math.inf

    @property
    def folder(self) -> Path:
        """Of checkpoint and log."""
        return Path(self.run)


def open_run(how: RunOptions, parse: Callable[[dict[str, Any]], AnyRecipe]) -> tuple[Checkpoint | None, bool]:
    """The checkpoint that a run begins with, or None; and whether it is the run's own.

    Raises InvalidInputError when a checkpoint is there and the run is not to be resumed. Makes the run's folder.
    """
    path: str | Path = how.folder / CHECKPOINT
    running = Path(path).is_file()
    if running and not how.resume:
        raise InvalidInputError(f"{path} exists already; pass --resume to go on with it, or choose another folder")
    if not running and how.start is not None:
        path = how.start
    elif not running:
        how.folder.mkdir(parents=True, exist_ok=True)
        return None, False
    state = load_checkpoint(path, parse)
    how.folder.mkdir(parents=True, exist_ok=True)
    return state, running


def next_stage(state: Checkpoint) -> Checkpoint:
    """What a new run begins with: the averaged weights of another, at step 0, and where they come from."""
    history = {key: value for key, value in state.history.items() if not key.startswith("best_")}
    began = {"recipe": state.recipe.to_dict(), "steps": state.step}
    history |= {"stages": [*history.get("stages", []), began]}
    return replace(state, step=0, weights=state.average, moments={}, history=history)


def prepare(how: RunOptions) -> Callable[[str], None]:
    """Set torch's threads, and give the function that gets lines of progress.

    Raises InvalidInputError for a device that is not there.
    """
    if how.threads:
        torch.set_num_threads(how.threads)
    if how.device != "cpu" and not torch.cuda.is_available():
        raise InvalidInputError(f"device {how.device} is not available here; use --device cpu")
    return how.report or (lambda line: print(line, file=sys.stderr, flush=True))


class Runner(ABC):
    """Network, optimiser, average and step counter of one run.

    ``groups``: parameter groups of Adam, each with a ``factor`` of the learning rate.
    """

    columns: Sequence[str]
    """Columns of the log; the first is the step, the last the seconds."""

    recordable = False
    """Whether the steps of a phase are the same work on tensors that `draw` gives (`step.make_step`)."""

    def __init__(
        self,
        recipe: AnyRecipe,
        schedule: AnySchedule,
        net: torch.nn.Module,
        groups: list[dict[str, Any]],
        pictures: Pictures,
        device: str,
        state: Checkpoint | None,
    ) -> None:
        self.recipe, self.schedule, self.pictures, self.device = recipe, schedule, pictures, device
        self.net = net.to(device)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        on_gpu = torch.device(device).type == "cuda"
        self.optimiser = torch.optim.Adam(groups, lr=schedule.learning_rate, fused=True, capturable=on_gpu)
        if on_gpu:  # a recorded step reads its learning rate where it stood when it was recorded
            for group in self.optimiser.param_groups:
                group["lr"] = torch.tensor(schedule.learning_rate, device=device)
        self.step = 0
        self.seconds = 0.0
        self.history: dict[str, Any] = {"hardware": _hardware(device), "pictures": len(pictures)}
        if state:
            self._restore(state)
        self.average = {name: value.clone() for name, value in network_state(self.net).items()}
        if state:
            self.average = {name: value.to(device) for name, value in state.average.items()}
        current = network_state(self.net)
        self._averaging = list(self.average.values()), [current[name] for name in self.average]

    def enter(self) -> Hashable:
        """Make the network ready for the next step; what is returned changes with what `loss` computes."""
        return None

    def draw(self, rng: np.random.Generator) -> tuple[Any, ...]:
        """What `loss` gets: all that is random in a step."""
        return (rng,)

    @abstractmethod
    def loss(self, *args: Any, **kwargs: Any) -> tuple[Tensor, Tensor | tuple[float, ...]]:
        """The loss of one step on what `draw` gave, and figures to log the means of."""

    @abstractmethod
    def log_means(self, log: RunLog, means: Sequence[float], rate: float) -> str:
        """Write the means of 100 steps into the log; returns them in words."""

    @abstractmethod
    def validate(self, log: RunLog, held_out: Pictures) -> tuple[float, str]:
        """Validate the network as it is, with lines in the log; returns the loss to choose by and a line in words."""

    def run(self, held_out: Pictures, how: RunOptions, say: Callable[[str], None]) -> Path:
        """Train to the schedule's end, or until the options or a request say to stop, with checkpoints, log and best
        weights in the run's folder. Returns the checkpoint's path.
        """
        self.accelerate(how.accelerate, say)
        end = self.schedule.steps if how.max_steps is None else min(how.max_steps, self.schedule.steps)
        until = how.until
        if how.minutes is not None:
            until = min(until, time.monotonic() + 60 * how.minutes)
        every, saved = 60 * how.checkpoint_minutes, how.saved or (lambda: None)
        with StopRequests() as stop:
            self._run(how.folder, held_out, end, until, every, stop, say, saved)
        return how.folder / CHECKPOINT

    def accelerate(self, how: str | None, say: Callable[[str], None]) -> None:
        """Choose how steps run (`step.make_step`); `run` does so by itself."""
        self._step = make_step(
            how,
            self.loss,
            self.net,
            self.optimiser,
            clip=self.schedule.clip,
            device=self.device,
            recordable=self.recordable,
            say=say,
        )

    def _run(
        self,
        folder: Path,
        held_out: Pictures,
        end: int,
        until: float,
        checkpoint_seconds: float,
        stop: StopRequests,
        say: Callable[[str], None],
        saved: Callable[[], None],
    ) -> None:
        last_saved = began = time.monotonic()
        step = math.inf  # seconds of the quickest; a step cannot be left half done
        validation = 0.0  # seconds that the last one took
        before = self.seconds
        figures = _Means(self.device)
        with RunLog(folder / LOG, self.step, self.columns) as log:
            while self.step < end and not stop.asked:
                start = time.monotonic()
                if start + (step if step < math.inf else 0.0) >= until:
                    break
                figures.add(self.advance())
                step = min(step, time.monotonic() - start)
                if self.step % _LOG_EVERY == 0:
                    means = figures.take()  # waits for the device
                    self.seconds = before + time.monotonic() - began
                    line = self.log_means(log, means, learning_rate(self.schedule, self.step - 1))
                    if self.step % (10 * _LOG_EVERY) == 0:
                        pace = f"{self.step / self.seconds:.1f} steps/s"
                        say(f"step {self.step}/{self.schedule.steps}  {line}  {pace}")
                self.seconds = before + time.monotonic() - began
                due = self.step % self.schedule.validate_every == 0 or self.step == self.schedule.steps
                if held_out and due and time.monotonic() + validation < until:
                    start = time.monotonic()
                    self._validate(folder, held_out, log, say)
                    validation = time.monotonic() - start
                if time.monotonic() - last_saved > checkpoint_seconds:
                    self._save(folder)
                    saved()
                    last_saved = time.monotonic()
            self._save(folder)
            saved()

    def advance(self) -> Tensor | tuple[float, ...]:
        """Do one optimiser step, on which nothing waits; returns its figures."""
        phase = self.enter()
        inputs = self.draw(step_generator(self.schedule.seed, self.step))
        for group in self.optimiser.param_groups:
            rate = learning_rate(self.schedule, self.step) * group["factor"]
            if isinstance(group["lr"], Tensor):
                group["lr"].fill_(rate)
            else:
                group["lr"] = rate
        figures: Tensor | tuple[float, ...] = self._step(inputs, phase)
        self.step += 1
        decay = min(self.schedule.ema, (1 + self.step) / (10 + self.step))
        average, current = self._averaging
        with torch.no_grad():
            torch._foreach_lerp_(average, current, 1 - decay)
        return figures

    def _validate(self, folder: Path, held_out: Pictures, log: RunLog, say: Callable[[str], None]) -> None:
        """Validate the averaged weights and keep them if they are the best."""
        current = {name: value.clone() for name, value in network_state(self.net).items()}
        self.net.load_state_dict(self.average)
        with torch.inference_mode():
            loss, line = self.validate(log, held_out)
        self.net.load_state_dict(current)
        say(f"step {self.step}  {line}")
        if loss < self.history.get("best_loss", math.inf):
            self.history |= {"best_loss": loss, "best_step": self.step}
            self._save(folder, best=True)

    def _restore(self, state: Checkpoint) -> None:
        self.net.load_state_dict(state.weights)
        self.step, self.history = state.step, state.history
        self.seconds = float(state.history.get("seconds", 0.0))
        for name, parameter in self.net.named_parameters():
            if name in state.moments:
                first, second = state.moments[name]
                self.optimiser.state[parameter] = {
                    "step": torch.tensor(float(self.step), device=self.device),
                    "exp_avg": torch.empty_like(parameter).copy_(first),
                    "exp_avg_sq": torch.empty_like(parameter).copy_(second),
                }

    def _save(self, folder: Path, *, best: bool = False) -> None:
        """Write the checkpoint; with ``best`` the averaged weights alone, in the file that keeps the best."""
        moments = {}
        for name, parameter in self.net.named_parameters():
            slot = self.optimiser.state.get(parameter)
            if slot and not best:
                moments[name] = (slot["exp_avg"], slot["exp_avg_sq"])
        history = self.history | {"seconds": round(self.seconds, 1), "torch": torch.__version__}
        weights = {} if best else network_state(self.net)
        state = Checkpoint(self.recipe, self.step, weights, self.average, moments, history)
        save_checkpoint(state, folder / (BEST if best else CHECKPOINT))


class _Means:
    """Means of figures over steps, summed where the figures are: nothing waits for the device before `take`."""

    def __init__(self, device: str) -> None:
        self._device = device
        self._total: Tensor | None = None
        self._count = 0

    def add(self, figures: Tensor | tuple[float, ...]) -> None:
        """The figures of one more step."""
        values = torch.as_tensor(figures, dtype=torch.float64, device=self._device)
        self._total = values.clone() if self._total is None else self._total.add_(values)
        self._count += 1

    def take(self) -> list[float]:
        """Means since the last time."""
        assert self._total is not None
        means: list[float] = (self._total / self._count).tolist()
        self._total, self._count = None, 0
        return means


def _hardware(device: str) -> str:
    if device != "cpu":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
