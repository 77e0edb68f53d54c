"""The training loop: any run can be cut at any step and resumed to the same result."""

from __future__ import annotations

import math
import platform
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from latentpress.errors import InvalidInputError
from latentpress.nets.hyperprior import HyperpriorNet
from latentpress.nets.integer import set_integer
from latentpress.training.checkpoint import Checkpoint, load_checkpoint, network_state, save_checkpoint
from latentpress.training.data import Pictures, load_pictures, sample_crops, step_generator
from latentpress.training.objective import code, log_loss
from latentpress.training.progress import RunLog, StopRequests
from latentpress.training.recipe import Recipe, Schedule, load_recipe
from latentpress.training.transplant import transplant
from latentpress.training.validation import validate
from latentpress.transforms import KltBasis, fit_klt

__all__ = ["BEST", "CHECKPOINT", "LOG", "learning_rate", "train"]

CHECKPOINT = "checkpoint.safetensors"
"""Name of the checkpoint inside a run's folder."""

BEST = "best.safetensors"
"""Name of the averaged weights with the lowest validation loss so far, a checkpoint without moments."""

LOG = "log.csv"
"""Name of the log inside a run's folder: a line of training means every 100 steps, validation points as they are
taken.
"""

_LOG_EVERY = 100


def learning_rate(schedule: Schedule, step: int) -> float:
    """Learning rate of a step: linear warm-up, constant, then 1/2 (1 + cos) down to zero."""
    warm = min(1.0, (step + 1) / max(1, schedule.warmup))
    start = schedule.decay_from * schedule.steps
    if step < start:
        return schedule.learning_rate * warm
    progress = (step - start) / max(1.0, schedule.steps - start)
    return schedule.learning_rate * warm * 0.5 * (1 + math.cos(math.pi * min(1.0, progress)))


def train(
    recipe: str | Path | Recipe,
    data: str | Path | Sequence[str | Path],
    *,
    run: str | Path,
    valid: str | Path | None = None,
    minutes: float | None = None,
    max_steps: int | None = None,
    resume: bool = False,
    start: str | Path | None = None,
    device: str = "cpu",
    threads: int | None = None,
    checkpoint_minutes: float = 5.0,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Train until the recipe's last step (or step ``max_steps``), ``minutes`` have passed, or the process is asked to
    stop; then save and return the checkpoint's path.

    ``data``: folder or folders of pictures. ``run``: folder for the checkpoint and the log. ``valid``: folder of
    pictures for validation points in the log and for choosing the best weights. ``resume``: go on from the run's
    checkpoint if it has one (the sizes of its network must be those of the recipe; the schedule may have changed).
    ``start``: a checkpoint whose averaged weights a new run begins with, at step 0 of its schedule; its network may
    have other sizes (`transplant`).
    ``report`` gets a line of progress now and then (default: standard error). Raises InvalidInputError for a bad
    recipe, folder or device, or when a checkpoint is there and ``resume`` is not set.
    """
    plan = recipe if isinstance(recipe, Recipe) else load_recipe(recipe)
    folder = Path(run)
    state = _open_run(plan, folder, resume, start)
    if threads:
        torch.set_num_threads(threads)
    if device != "cpu" and not torch.cuda.is_available():
        raise InvalidInputError(f"device {device} is not available here; use --device cpu")
    say = report or (lambda line: print(line, file=sys.stderr, flush=True))
    pictures = load_pictures(data, plan.schedule.crop)
    held_out = load_pictures(valid, 64)[::3] if valid else []
    say(f"{len(pictures)} training pictures, {len(held_out)} for validation, from step {state.step if state else 0}")
    trainer = _Trainer(plan, pictures, device, state)
    with StopRequests() as stop:
        end = plan.schedule.steps if max_steps is None else min(max_steps, plan.schedule.steps)
        trainer.run(folder, held_out, end, _deadline(minutes), checkpoint_minutes * 60, stop, say)
    return folder / CHECKPOINT


def _open_run(plan: Recipe, folder: Path, resume: bool, start: str | Path | None) -> Checkpoint | None:
    """The state that the run begins with, or None for a network of its own making."""
    path: str | Path = folder / CHECKPOINT
    running = Path(path).is_file()
    if running and not resume:
        raise InvalidInputError(f"{path} exists already; pass --resume to go on with it, or choose another folder")
    if not running and start is not None:
        path = start
    elif not running:
        folder.mkdir(parents=True, exist_ok=True)
        return None
    state = load_checkpoint(path)
    if running:
        if state.recipe.model != plan.model:
            raise InvalidInputError(f"{path} was made with other network sizes than the recipe")
        return state
    folder.mkdir(parents=True, exist_ok=True)
    history = {key: value for key, value in state.history.items() if not key.startswith("best_")}
    began = {"recipe": state.recipe.to_dict(), "steps": state.step}
    history |= {"stages": [*history.get("stages", []), began]}
    weights = state.average
    if state.recipe.model != plan.model:
        torch.manual_seed(plan.schedule.seed)
        weights = transplant(weights, HyperpriorNet(plan.model, _placeholder_basis(plan)).state_dict())
    return replace(state, step=0, weights=weights, average=weights, moments={}, history=history)


def _deadline(minutes: float | None) -> float:
    return math.inf if minutes is None else time.monotonic() + 60 * minutes


class _Trainer:
    """Network, optimiser, average and step counter of one run."""

    def __init__(self, plan: Recipe, pictures: Pictures, device: str, state: Checkpoint | None) -> None:
        self.plan, self.pictures, self.device = plan, pictures, device
        torch.manual_seed(plan.schedule.seed)
        self.net = HyperpriorNet(plan.model, _starting_basis(plan, pictures, state)).to(device)
        self.net.to(memory_format=torch.channels_last)  # type: ignore[call-overload]
        self.names = [name for name, _ in self.net.named_parameters()]
        self.optimiser = _optimiser(self.net, plan.schedule, device)
        self.step = 0
        self.seconds = 0.0
        self.history: dict[str, Any] = {"hardware": _hardware(device), "pictures": len(pictures)}
        if state:
            self._restore(state)
        self.average = {name: value.clone() for name, value in network_state(self.net).items()}
        if state:
            self.average = {name: value.to(device) for name, value in state.average.items()}

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

    def run(
        self,
        folder: Path,
        held_out: Pictures,
        end: int,
        deadline: float,
        checkpoint_seconds: float,
        stop: StopRequests,
        say: Callable[[str], None],
    ) -> None:
        schedule = self.plan.schedule
        last_saved = began = time.monotonic()
        sums: list[tuple[float, float, float, float]] = []
        before = self.seconds
        with RunLog(folder / LOG, self.step) as log:
            while self.step < end and time.monotonic() < deadline and not stop.asked:
                sums.append(self._advance())
                now = time.monotonic()
                self.seconds = before + now - began
                if self.step % _LOG_EVERY == 0:
                    loss, bpp, mse, hyper = np.mean(sums, axis=0)
                    psnr = 10 * math.log10(255**2 / max(mse, 1e-9))
                    rate = learning_rate(schedule, self.step - 1)
                    log.row(self.step, "train", "", loss, bpp, psnr, hyper, rate, self.seconds)
                    if self.step % (10 * _LOG_EVERY) == 0:
                        pace = f"{self.step / self.seconds:.1f} steps/s"
                        say(f"step {self.step}/{schedule.steps}  loss {loss:.4f}  bpp {bpp:.3f}  {pace}")
                    sums = []
                if held_out and (self.step % schedule.validate_every == 0 or self.step == schedule.steps):
                    self._validate(folder, held_out, log, say)
                if now - last_saved > checkpoint_seconds:
                    self._save(folder)
                    last_saved = time.monotonic()
            self._save(folder)

    def _advance(self) -> tuple[float, float, float, float]:
        """One optimiser step. Returns loss, bits a pixel, squared error and hyper bits a pixel (means over the
        batch).
        """
        schedule = self.plan.schedule
        rng = step_generator(schedule.seed, self.step)
        crops = sample_crops(self.pictures, schedule.batch, schedule.crop, rng)
        rates = torch.from_numpy(_stratified_rates(schedule.batch, self.plan.model.last_rate, rng)).to(self.device)
        noise = torch.Generator(self.device).manual_seed(int(rng.integers(2**62)))
        x = torch.from_numpy(crops).to(self.device).to(torch.float32)
        hard = schedule.hard(self.step)
        set_integer(self.net, hard)
        outcome = code(self.net, x, rates, hard=hard, generator=noise, mixed_precision=schedule.mixed_precision)
        loss = log_loss(outcome, x, self.plan.model.lambdas(rates))
        self.optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.net.parameters(), schedule.clip)
        for group in self.optimiser.param_groups:
            group["lr"] = learning_rate(schedule, self.step) * group["factor"]
        self.optimiser.step()
        self.step += 1
        decay = min(schedule.ema, (1 + self.step) / (10 + self.step))
        with torch.no_grad():
            current = network_state(self.net)
            torch._foreach_lerp_(list(self.average.values()), [current[name] for name in self.average], 1 - decay)
            hyper = outcome.hyper_bits.mean() / (schedule.crop * schedule.crop)
            return loss.item(), outcome.bpp().mean().item(), outcome.mse(x).mean().item(), hyper.item()

    def _validate(self, folder: Path, held_out: Pictures, log: RunLog, say: Callable[[str], None]) -> None:
        current = {name: value.clone() for name, value in network_state(self.net).items()}
        self.net.load_state_dict(self.average)
        last = self.plan.model.last_rate
        mixed = self.plan.schedule.mixed_precision
        points = validate(self.net, held_out, range(0, last + 1, last // 4), device=self.device, mixed_precision=mixed)
        self.net.load_state_dict(current)
        for p in points:
            log.row(self.step, "valid", p.rate, p.loss, p.bpp, p.psnr, "", "", self.seconds)
        mean = float(np.mean([p.loss for p in points]))
        say(f"step {self.step}  valid {mean:.4f}  " + "  ".join(f"{p.bpp:.3f}/{p.psnr:.2f}" for p in points))
        if mean < self.history.get("best_loss", math.inf):
            self.history |= {"best_loss": mean, "best_step": self.step}
            self._save(folder, best=True)

    def _save(self, folder: Path, *, best: bool = False) -> None:
        """Write the checkpoint; with ``best`` the averaged weights alone, in the file that keeps the best."""
        moments = {}
        for name, parameter in self.net.named_parameters():
            slot = self.optimiser.state.get(parameter)
            if slot and not best:
                moments[name] = (slot["exp_avg"], slot["exp_avg_sq"])
        history = self.history | {"seconds": round(self.seconds, 1), "torch": torch.__version__}
        weights = {} if best else network_state(self.net)
        state = Checkpoint(self.plan, self.step, weights, self.average, moments, history)
        save_checkpoint(state, folder / (BEST if best else CHECKPOINT))


def _starting_basis(plan: Recipe, pictures: Pictures, state: Checkpoint | None) -> KltBasis:
    if state:  # its weights replace these
        return _placeholder_basis(plan)
    stride = max(1, len(pictures) // plan.schedule.klt_pictures)
    try:
        return fit_klt(pictures[::stride], plan.model.latents)
    except ValueError as error:
        raise InvalidInputError(f"the training pictures do not do: {error}") from None


def _placeholder_basis(plan: Recipe) -> KltBasis:
    """A basis of which only the shapes matter."""
    m = plan.model.latents
    return KltBasis(np.zeros((m, 768), np.float32), np.ones(m, np.float32), 128.0)


def _optimiser(net: HyperpriorNet, schedule: Schedule, device: str) -> torch.optim.Adam:
    """Adam (Kingma and Ba 2015); the linear block transforms in a group of their own with a much smaller step."""
    slow = {id(p) for p in (net.analysis.linear.weight, net.synthesis.linear.weight)}
    groups: list[dict[str, Any]] = [
        {"params": [p for p in net.parameters() if id(p) not in slow], "factor": 1.0},
        {"params": [p for p in net.parameters() if id(p) in slow], "factor": schedule.linear_factor},
    ]
    return torch.optim.Adam(groups, lr=schedule.learning_rate, fused=True)


def _stratified_rates(count: int, last: int, rng: np.random.Generator) -> np.ndarray[Any, np.dtype[np.int64]]:
    """A rate index for each picture, one from each of ``count`` equal parts of the range: every step sees all rates."""
    places = (rng.permutation(count) + rng.random(count)) / count
    return np.minimum((places * (last + 1)).astype(np.int64), last)


def _hardware(device: str) -> str:
    if device != "cpu":
        return torch.cuda.get_device_name(device)
    return f"{platform.machine()} CPU, {torch.get_num_threads()} threads"
