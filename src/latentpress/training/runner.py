"""What every training run does, whatever it trains: steps, average, checkpoints, log, time budget, resuming."""

from __future__ import annotations

import math
import platform
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from latentpress.training.arrivals import Arrivals
from latentpress.training.checkpoint import Checkpoint, network_state, save_checkpoint
from latentpress.training.data import step_generator
from latentpress.training.players import Playing
from latentpress.training.progress import RunLog, StopRequests
from latentpress.training.schedule import Schedule
from latentpress.training.system import Point, Samples, Say, Training

__all__ = ["BEST", "CHECKPOINT", "LOG", "LOG_EVERY", "Limits", "Runner", "learning_rate"]

CHECKPOINT = "checkpoint.safetensors"
"""Name of the checkpoint inside a run's folder."""

BEST = "best.safetensors"
"""Name of the averaged weights with the lowest validation loss so far, a checkpoint without moments."""

LOG = "log.csv"
"""Name of the log inside a run's folder: a line of training means every `LOG_EVERY` steps, validation points as they
are taken.
"""

LOG_EVERY = 100
"""Steps."""

_SAY_EVERY = 10.0  # seconds between two lines of progress


def learning_rate(schedule: Schedule, step: int, place: int | None = None) -> float:
    """Learning rate of a step: linear warm-up, constant, then 1/2 (1 + cos) down to zero. ``place``: the step of the
    schedule where the run is by the clock, if it is further there.
    """
    warm = min(1.0, (step + 1) / max(1, schedule.warmup))
    start = schedule.decay_from * schedule.steps
    place = max(step, place or 0)
    if place < start:
        return schedule.learning_rate * warm
    progress = (place - start) / max(1.0, schedule.steps - start)
    return schedule.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


@dataclass(frozen=True)
class Limits:
    """Where a run ends: at a ``step``, or at a time of `time.monotonic`."""

    step: int
    until: float = math.inf


class Runner:
    """Network, players, average and step counter of one run, from ``state`` or from the network as it is."""

    def __init__(self, training: Training, net: nn.Module, samples: Samples, state: Checkpoint | None = None) -> None:
        self.training, self.schedule, self.samples = training, training.schedule, samples
        self.net = net.to(training.device)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self._names: dict[Tensor, str] = {parameter: name for name, parameter in self.net.named_parameters()}
        self.step, self.seconds, self._arrived = 0, 0.0, 0
        self.history: dict[str, Any] = {"hardware": _hardware(training.device), training.counted: len(samples)}
        if state:
            self.net.load_state_dict(state.weights)
            self.step, self.history = state.step, state.history if state.step else state.history | self.history
            self.seconds = float(state.history.get("seconds", 0.0))
            if not self.step:  # what the runs before this one took is history, not time of this run's schedule
                self.history["earlier_seconds"] = self.seconds
        self._earlier = float(self.history.get("earlier_seconds", 0.0))
        self.players = [Playing(player, self.schedule, training.device) for player in training.players(self.net)]
        average = state.average if state else network_state(self.net)
        self.average = {name: value.to(training.device, copy=True) for name, value in average.items()}
        if state:
            for player in self.players:
                player.restore(self._names, state.moments, state.updates)
        current = network_state(self.net)
        real = [name for name, value in self.average.items() if value.is_floating_point()]
        self._averaging = [self.average[name] for name in real], [current[name] for name in real]
        self._said, self._means = -math.inf, ""  # when a line was said last, and the last means in words
        self._clock = (
            0.0,
            0.0,
            math.inf,
        )  # seconds of the run before this call, when its time began, and how many it has

    def accelerate(self, how: str | None, say: Say) -> None:
        """Choose how steps run (`step.make_step`); `run` does so by itself."""
        recordable = self.training.recordable and len(self.players) == 1
        for player in self.players:
            player.accelerate(how, recordable, say)

    def run(
        self,
        folder: Path,
        held_out: Samples | None,
        limits: Limits,
        say: Say,
        *,
        accelerate: str | None = None,
        checkpoint_seconds: float = 300.0,
        saved: Callable[[], None] | None = None,
        arrivals: Arrivals | None = None,
    ) -> Path:
        """Train to the schedule's end, or until the limits or a request say to stop, with checkpoints, log and best
        weights in the folder. ``saved`` is called after each writing of the checkpoint, whose path is returned.
        ``arrivals`` are learned from as soon as they are there.
        """
        self.accelerate(accelerate, say)

        def save() -> None:
            self._save(folder / CHECKPOINT)
            if saved:
                saved()

        end = min(limits.step, self.schedule.steps)
        last_saved = began = time.monotonic()
        before = self.seconds
        self._clock = (before - self._earlier, began, limits.until - began)
        step = math.inf  # seconds of the quickest; a step cannot be left half done
        validation = 0.0  # seconds that the last one took
        with StopRequests() as stop, RunLog(folder / LOG, self.step, self._columns()) as log:
            while self.step < end and not stop.asked:
                start = time.monotonic()
                if start + (step if step < math.inf else 0.0) >= limits.until:
                    break
                if arrivals and (more := arrivals.take()) is not None:
                    say(f"step {self.step}: {len(more)} {self.training.counted} now, {len(self.samples)} before")
                    self.samples, self._arrived = more, self._arrived + 1
                    self.training.renew()
                self.advance()
                step = min(step, time.monotonic() - start)
                if self.step % LOG_EVERY == 0:
                    means = [player.means() for player in self.players]  # waits for the device
                    self.seconds = before + time.monotonic() - began
                    self._log_means(log, means)
                self.seconds = before + time.monotonic() - began
                if time.monotonic() - self._said >= _SAY_EVERY:
                    self._said = time.monotonic()
                    pace = f"{self.step / (self.seconds - self._earlier):.3g} steps/s, {self._left() / 60:.1f} min left"
                    say(f"step {self.step}/{self.schedule.steps}  {self._means}{pace}")
                due = self.step % self.schedule.validate_every == 0 or self.step == self.schedule.steps
                if held_out is not None and due and time.monotonic() + validation < limits.until:
                    start = time.monotonic()
                    self._validate(folder, held_out, log, say)
                    validation = time.monotonic() - start
                if time.monotonic() - last_saved > checkpoint_seconds:
                    save()
                    last_saved = time.monotonic()
            save()
        return folder / CHECKPOINT

    def advance(self) -> None:
        """Do one step of every player whose turn it is; nothing waits for it."""
        place = self._place()
        # A recorded step reads the pictures where they lay: with new ones it is recorded anew.
        phase = self.training.enter(self.net, place), self._arrived
        drawn = self.training.draw(self.samples, step_generator(self.schedule.seed, self.step))
        rate = learning_rate(self.schedule, self.step, place)
        for player in self.players:
            if self.step % player.player.every == 0:
                player.play(drawn, phase, rate)
        self.step += 1
        decay = min(self.schedule.ema, (1 + self.step) / (10 + self.step))
        average, current = self._averaging
        with torch.no_grad():
            torch._foreach_lerp_(average, current, 1 - decay)

    def _place(self) -> int:
        """Step of the schedule where the run is: its own, or by the clock if that is further."""
        before, began, budget = self._clock
        if not self.schedule.by_clock or budget == math.inf:
            return self.step
        used = (before + time.monotonic() - began) / (before + budget)
        return max(self.step, int(self.schedule.steps * min(1.0, used)))

    def _columns(self) -> Sequence[str]:
        return ("step", "kind", self.training.at, "loss", *self.training.figures, "learning_rate", "seconds")

    def _log_means(self, log: RunLog, means: Sequence[Sequence[float]]) -> None:
        """A line of means over the last steps: the first player's loss, the figures of all."""
        figures = [figure for player in means for figure in player[1:]]
        rate = learning_rate(self.schedule, self.step - 1, self._place())
        log.row(self.step, "train", "", means[0][0], *figures, rate, self.seconds)
        words = [f"{name} {value:.3f}" for name, value in zip(self.training.figures, figures, strict=True)]
        self._means = "".join(f"{one}  " for one in [f"loss {means[0][0]:.4f}", *words])

    def _left(self) -> float:
        """Seconds until the schedule or the time ends, at the pace so far."""
        _, began, budget = self._clock
        by_clock = self.schedule.by_clock and budget < math.inf
        last = math.inf if by_clock else (self.schedule.steps - self.step) * (self.seconds - self._earlier) / self.step
        return max(0.0, min(last, began + budget - time.monotonic()))

    def _validate(self, folder: Path, held_out: Samples, log: RunLog, say: Say) -> None:
        """Validate the averaged weights and keep them if they are the best."""
        current = {name: value.clone() for name, value in network_state(self.net).items()}
        self.net.load_state_dict(self.average)
        self.net.eval()
        with torch.inference_mode():
            points = self.training.validate(self.net, held_out)
        self.net.train()
        self.net.load_state_dict(current)
        if not points:
            return
        for point in points:
            figures = [point.figures.get(name, "") for name in self.training.figures]
            log.row(self.step, "valid", point.at, point.loss, *figures, "", self.seconds)
        loss = sum(point.loss for point in points) / len(points)
        say(f"step {self.step}  valid {loss:.4f}  " + "  ".join(map(_in_words, points)))
        if loss < self.history.get("best_loss", math.inf):
            self.history |= {"best_loss": loss, "best_step": self.step}
            self._save(folder / BEST, best=True)

    def _save(self, path: Path, *, best: bool = False) -> None:
        """Write the checkpoint; with ``best`` the averaged weights alone."""
        moments: dict[str, dict[str, Tensor]] = {}
        updates: dict[str, int] = {}
        for player in () if best else self.players:
            remembered, counts = player.moments(self._names)
            moments, updates = moments | remembered, updates | counts
        history = self.history | {"seconds": round(self.seconds, 1), "torch": torch.__version__}
        weights = network_state(self.net)
        average = self.average | {n: v for n, v in weights.items() if not v.is_floating_point()}
        weights = {} if best else weights
        save_checkpoint(Checkpoint(self.training.plan, self.step, weights, average, moments, history, updates), path)


def _in_words(point: Point) -> str:
    return f"{point.at}: " + "/".join(f"{value:.3f}" for value in point.figures.values())


def _hardware(device: str) -> str:
    if device != "cpu":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
