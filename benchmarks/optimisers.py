"""Which optimiser brings the flagship's networks furthest in equal time on one CPU thread.

    python benchmarks/optimisers.py --data PHOTOS --valid PICTURES --minutes 10 --runs RUNS \
        --out benchmarks/results/optimisers.json

First the seconds a step of each entrant are measured in turns in one process, so that a busy machine slows all of them
alike; from these come the steps that each of them makes in ``--minutes``. Then each runs its steps from the same start
(seed, linear block transform), its learning rate decaying to zero at its own end, and is judged by the mean loss of its
averaged weights over pictures and rates (log2 of rate and distortion; 0.0144 is 1 %). Steps are counted, so ``--jobs``
of them may share the machine. A run that ``--runs`` holds already is not made again.
"""

from __future__ import annotations

import argparse
import csv
import multiprocessing
import statistics
import time
from concurrent.futures import ProcessPoolExecutor
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from common import circumstances, write_json
from training_speed import runner_of

from latentpress.training.plan import Plan, load_plan
from latentpress.training.run import train
from latentpress.training.runner import LOG

ENTRANTS = (("adam", 1e-3), ("muon", 2e-3), ("soap", 1e-3))
TURNS = 12  # of each entrant, timed in turns after three that are not counted


def entrant(plan: Plan, optimiser: str, rate: float, steps: int) -> Plan:
    """The plan with this optimiser and so many steps, validated at their end alone."""
    changes: dict[str, Any] = {"optimiser": optimiser, "learning_rate": rate, "steps": steps, "validate_every": steps}
    shape: dict[str, Any] = {"warmup": 100, "decay_from": 0.3, "ema": 0.99}
    return replace(plan, schedule=replace(plan.schedule, **changes, **shape))


def seconds_a_step(plans: list[Plan]) -> list[float]:
    """Median seconds of one step of each plan, all of them in turns."""
    runners = [runner_of(plan, "cpu") for plan in plans]
    for runner in runners:
        runner.accelerate(None, print)
    seconds: list[list[float]] = [[] for _ in plans]
    for turn in range(TURNS + 3):
        for taken, runner in zip(seconds, runners, strict=True):
            began = time.perf_counter()
            runner.advance()
            if turn >= 3:
                taken.append(time.perf_counter() - began)
    return [statistics.median(times) for times in seconds]


def validated(log: Path) -> tuple[int, float]:
    """Pictures times rates of the last validation, and its mean loss."""
    with log.open(newline="", encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if row["kind"] == "valid"]
    last = [float(row["loss"]) for row in rows if row["step"] == rows[-1]["step"]]
    return len(last), sum(last) / len(last)


def trained(plan: Plan, data: Path, valid: Path, folder: Path) -> tuple[int, float]:
    """Train the plan, if the folder does not hold its run; see `validated`."""
    if not (folder / LOG).is_file():
        train(plan, data, run=folder, valid=valid, threads=1)
    return validated(folder / LOG)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True)
    parser.add_argument("--recipe", default="hyperprior")
    parser.add_argument("--minutes", type=float, default=10.0)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--runs", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    options = parser.parse_args()
    torch.set_num_threads(1)
    plan = load_plan(options.recipe)
    seconds = seconds_a_step([entrant(plan, *named, steps=1000) for named in ENTRANTS])
    counts = [round(60 * options.minutes / a_step) for a_step in seconds]
    with ProcessPoolExecutor(options.jobs, multiprocessing.get_context("spawn")) as pool:
        whole = [entrant(plan, *named, steps=steps) for named, steps in zip(ENTRANTS, counts, strict=True)]
        folders = [options.runs / optimiser for optimiser, _ in ENTRANTS]
        runs = zip(whole, folders, strict=True)
        of = [pool.submit(trained, run, options.data, options.valid, folder) for run, folder in runs]
        judged = [future.result() for future in of]
    found = [
        {"optimiser": optimiser, "learning_rate": rate, "seconds_a_step": a_step, "steps": steps}
        | {"points": points, "loss": loss}
        for (optimiser, rate), a_step, steps, (points, loss) in zip(ENTRANTS, seconds, counts, judged, strict=True)
    ]
    for row in found:
        print(row)
    about = {"recipe": options.recipe, "minutes": options.minutes, "threads": 1, "jobs": options.jobs}
    write_json(options.out, circumstances() | about | {"entrants": found})


if __name__ == "__main__":
    main()
