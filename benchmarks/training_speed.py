"""How quickly the flagship codec trains on a device, against the floor that its arithmetic sets.

    python benchmarks/training_speed.py --out benchmarks/results/training_speed.json

For each way of running steps (`--how`, as `latentpress train --accelerate`): pictures a second and milliseconds a step
after a warm-up, and those of its parts when nothing overlaps: crops, loss, gradients, clipping and Adam. The floor
counts multiply-accumulates a pixel of the forward pass, times 3 for training, times the pixels of a batch, at the rate
that this device reaches in a large matrix product: the transforms in bfloat16 if the recipe says so, the rest in
float32. Pictures are random: only their size matters. Needs torch, numpy, pillow and safetensors alone, so that it runs
on a bare machine too (PYTHONPATH=src).
"""

from __future__ import annotations

import argparse
import statistics
import sys
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import circumstances, write_json
from torch.utils.flop_counter import FlopCounterMode

from latentpress.training.data import step_generator
from latentpress.training.plan import Plan, load_plan, training_of
from latentpress.training.runner import Runner
from latentpress.training.step import ACCELERATIONS, send

TRANSFORMS = ("Analysis", "Synthesis")


def random_pictures(count: int, side: int) -> list[np.ndarray[Any, Any]]:
    """Smooth pictures with noise, so that no crop is flat."""
    rng = np.random.default_rng(0)
    pictures = []
    for _ in range(count):
        rough = rng.normal(size=(side // 16, side // 16, 3)).repeat(16, axis=0).repeat(16, axis=1)
        pixels = 128 + 40 * rough + rng.normal(0, 8, (side, side, 3))
        pictures.append(np.clip(pixels, 0, 255).astype(np.uint8))
    return pictures


def wait(device: str) -> None:
    if torch.device(device).type == "cuda":
        torch.cuda.synchronize()


def timed(work: Callable[[], Any], repeats: int, device: str) -> float:
    """Median seconds of `work`, the device at rest before and after."""
    seconds = []
    for _ in range(repeats):
        wait(device)
        start = time.perf_counter()
        work()
        wait(device)
        seconds.append(time.perf_counter() - start)
    return statistics.median(seconds)


def matrix_rate(dtype: torch.dtype, device: str) -> float:
    """Multiply-accumulates a second of a large matrix product."""
    side = 8192 if torch.device(device).type == "cuda" else 1024
    a, b = (torch.randn(side, side, device=device).to(dtype) for _ in range(2))
    a @ b
    return side**3 / timed(lambda: a @ b, 5, device)


def runner_of(plan: Plan, device: str) -> Runner:
    """A run of the plan on pictures made up."""
    training, pictures = training_of(plan.codec)(plan, device), random_pictures(8, 2 * plan.schedule.crop)
    torch.manual_seed(plan.schedule.seed)
    return Runner(training, training.network(pictures), pictures)


def drawn(runner: Runner, generator: np.random.Generator) -> tuple[Any, ...]:
    """What a step is made of, on the device."""
    values = runner.training.draw(runner.samples, generator)
    return tuple(send(value, runner.training.device) for value in values)


def forward_macs(runner: Runner) -> dict[str, float]:
    """Multiply-accumulates a pixel of the forward pass: of the transforms, and of the entropy networks."""
    inputs = drawn(runner, step_generator(0, 0))
    with FlopCounterMode(display=False) as counter, torch.no_grad():
        runner.players[0].player.loss(*inputs)
    counts = counter.get_flop_counts()
    pixels = runner.schedule.batch * runner.schedule.crop**2
    transforms = sum(sum(counts.get(name, {}).values()) for name in TRANSFORMS)
    every = counter.get_total_flops()
    return {"transforms": transforms / 2 / pixels, "entropy": (every - transforms) / 2 / pixels}


def parts(runner: Runner, repeats: int) -> dict[str, float]:
    """Milliseconds of the parts of a plain step, each waited for."""
    device, schedule, (player,) = runner.training.device, runner.schedule, runner.players
    generator = step_generator(0, 0)
    inputs = drawn(runner, generator)
    optimiser = torch.optim.Adam(runner.net.parameters(), fused=True)

    def gradients() -> None:
        optimiser.zero_grad(set_to_none=True)
        player.player.loss(*inputs)[0].backward()

    def update() -> None:
        torch.nn.utils.clip_grad_norm_(runner.net.parameters(), schedule.clip)
        optimiser.step()

    def without_gradients() -> None:
        with torch.no_grad():
            player.player.loss(*inputs)

    gradients()
    found = {
        "draw": timed(lambda: drawn(runner, generator), repeats, device),
        "crops": timed(lambda: runner.training.pixels(inputs[0]), repeats, device),
        "loss_without_gradients": timed(without_gradients, repeats, device),
        "loss_and_gradients": timed(gradients, repeats, device),
        "clip_and_adam": timed(update, repeats, device),
    }
    return {name: 1000 * seconds for name, seconds in found.items()}


def measure(plan: Plan, hard: bool, how: str, device: str, steps: int) -> dict[str, Any]:
    """Speed of one way of running steps, in one phase."""
    plan = replace(plan, schedule=replace(plan.schedule, hard_from=0.0 if hard else 1.0))
    said: list[str] = []
    runner = runner_of(plan, device)
    runner.accelerate(how, said.append)
    start = time.perf_counter()
    for _ in range(5):  # kernels are chosen, compiled, recorded
        runner.advance()
    wait(device)
    warm_up = time.perf_counter() - start
    start = time.perf_counter()
    for _ in range(steps):
        runner.advance()
    wait(device)
    seconds = (time.perf_counter() - start) / steps
    memory = torch.cuda.max_memory_allocated() / 2**20 if torch.device(device).type == "cuda" else None
    return {
        "how": how,
        "hard": hard,
        "said": said,
        "warm_up_s": warm_up,
        "step_ms": 1000 * seconds,
        "pictures_per_s": plan.schedule.batch / seconds,
        "device_memory_mib": memory,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--recipe", default="hyperprior-gpu")
    parser.add_argument("--device", default="cuda" if torch.cuda.is_available() else "cpu")
    parser.add_argument("--threads", type=int, help="CPU threads")
    parser.add_argument("--how", choices=ACCELERATIONS, nargs="+", default=["none"])
    parser.add_argument("--batch", type=int, nargs="+", help="instead of the recipe's; several may be given")
    parser.add_argument("--crop", type=int, help="instead of the recipe's")
    parser.add_argument("--steps", type=int, default=100)
    parser.add_argument("--repeats", type=int, default=10, help="of each part")
    arguments = parser.parse_args()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    plan = load_plan(arguments.recipe)
    rates = {
        name: matrix_rate(dtype, arguments.device)
        for name, dtype in (("bfloat16", torch.bfloat16), ("float32", torch.float32))
    }
    transform_rate = rates["bfloat16" if plan.schedule.mixed_precision else "float32"]
    results = []
    for batch in arguments.batch or [plan.schedule.batch]:
        sizes = replace(plan.schedule, batch=batch, crop=arguments.crop or plan.schedule.crop)
        here = replace(plan, schedule=sizes)
        runner = runner_of(here, arguments.device)
        runner.training.enter(runner.net, 0)
        macs = forward_macs(runner)
        pixels = batch * sizes.crop**2
        floor = 3 * pixels * (macs["transforms"] / transform_rate + macs["entropy"] / rates["float32"])
        entry: dict[str, Any] = {"batch": batch, "crop": sizes.crop, "macs_per_pixel": macs, "floor_ms": 1000 * floor}
        entry["parts_ms"] = parts(runner, arguments.repeats)
        del runner
        entry["runs"] = []
        for how in arguments.how:
            for hard in (False, True):
                run = measure(here, hard, how, arguments.device, arguments.steps)
                run["floor_share"] = 1000 * floor / run["step_ms"]
                entry["runs"].append(run)
                print(
                    f"batch {batch}, {how}, {'hard' if hard else 'soft'}: {run['pictures_per_s']:.1f} pictures/s, "
                    f"{run['step_ms']:.2f} ms a step, {100 * run['floor_share']:.1f} % of it arithmetic"
                )
        results.append(entry)
    on_gpu = torch.device(arguments.device).type == "cuda"
    result = {
        **circumstances(),
        "torch": torch.__version__,
        "python": sys.version.split()[0],
        "device": torch.cuda.get_device_name() if on_gpu else f"CPU, {torch.get_num_threads()} thread(s)",
        "recipe": arguments.recipe,
        "steps": arguments.steps,
        "macs_per_s": rates,
        "results": results,
    }
    write_json(arguments.out, result)


if __name__ == "__main__":
    main()
