"""Activations compressed in training (JPEG-ACT): bytes and gradients of a step of a recipe, and where short runs end.

    python benchmarks/jpeg_act.py --recipe hyperprior --small benchmarks/jpeg_act.toml --steps 60 \
        --data DIR --valid DIR --out benchmarks/results/jpeg_act.json

Runs that the result holds already are not made again, so that it can be stopped and taken up. Losses are log2 of rate
and weighted error, so that a difference of 0.0144 is one per cent of that.
"""

from __future__ import annotations

import argparse
import json
import statistics
import tempfile
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import numpy as np
import torch
from common import circumstances, write_json
from torch import nn

from latentpress.training.activations import ACTIVATIONS, compressed_activations
from latentpress.training.data import load_pictures
from latentpress.training.plan import load_plan, training_of
from latentpress.training.run import train

SEEDS = "0,1,2"


def step(recipe: str, data: Path, mixed: bool) -> dict[str, Any]:
    """Bytes that one step of the recipe saves, and how far its gradients are from exact ones. mixed: precision."""
    plan = load_plan(recipe)
    plan = replace(plan, schedule=replace(plan.schedule, mixed_precision=mixed))
    training = training_of(plan.codec)(plan)
    pictures = load_pictures(data, plan.schedule.smallest)
    torch.manual_seed(0)
    net = training.network(pictures)
    for module in net.modules():  # layers that begin at zero would give the rest of the network no gradient
        if isinstance(module, nn.Conv2d) and not module.weight.any():
            nn.init.normal_(module.weight, std=0.02)
    drawn = training.draw(pictures, np.random.default_rng(0))
    parameters = [one for one in net.parameters() if one.requires_grad]
    found: dict[str, Any] = {"recipe": recipe, "batch": plan.schedule.batch, "crop": plan.schedule.crop}
    exact = torch.zeros(0)
    for how in ACTIVATIONS:
        torch.manual_seed(1)
        with compressed_activations(how, parameters) as saved:
            loss, _ = training.loss(net, *drawn)
        gradients = torch.autograd.grad(loss, parameters, allow_unused=True, materialize_grads=True)
        flat = torch.cat([one.flatten() for one in gradients])
        exact = flat if how == "whole" else exact
        found[how] = {
            "bytes_saved": saved.all,
            "bytes_of_maps": saved.maps,
            "bytes_of_maps_kept": saved.kept,
            "ratio_of_maps": saved.ratio if saved.kept else 1.0,
            "ratio": (found["whole"]["bytes_saved"] if found.get("whole") else saved.all) / saved.all,
            "gradient_error": float((flat - exact).norm() / exact.norm()),
            "gradient_cosine": float(flat @ exact / flat.norm() / exact.norm()),
        }
    return found


Losses = dict[str, dict[str, float]]
"""Of short runs, by how activations are kept and by seed."""


def run(recipe: str, how: str, seed: int, steps: int, data: Path, valid: Path) -> float:
    """Validation loss at the end of a short run; runs of one seed begin and draw alike."""
    plan = load_plan(recipe)
    schedule = replace(plan.schedule, activations=how, steps=steps, seed=seed, validate_every=steps)
    with tempfile.TemporaryDirectory() as folder:
        plan = replace(plan, schedule=schedule)
        train(plan, data, run=folder, valid=valid, threads=1, report=lambda line: None)
        lines = [line.split(",") for line in (Path(folder) / "log.csv").read_text().splitlines()]
    column = lines[0].index("loss")
    return statistics.fmean(float(line[column]) for line in lines if line[1] == "valid")


def summary(recipe: str, steps: int, losses: Losses) -> dict[str, Any]:
    """What the result says of the runs that there are."""
    whole = losses["whole"]
    changes = {
        how: {seed: 100 * (2 ** (loss - whole[seed]) - 1) for seed, loss in found.items() if seed in whole}
        for how, found in losses.items()
    }
    means = {how: statistics.fmean(found.values()) for how, found in changes.items() if found}
    return {
        "recipe": recipe,
        "steps": steps,
        "losses_log2": losses,
        "changes_percent": changes,
        "mean_changes_percent": means,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--recipe", default="hyperprior", help="of the step")
    parser.add_argument("--small", required=True, help="recipe of the short runs")
    parser.add_argument("--steps", type=int, default=300)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True)
    parser.add_argument("--seeds", default=SEEDS, help="of the short runs, with commas between")
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    found: dict[str, Any] = {}
    if arguments.out.exists():
        found = json.loads(arguments.out.read_text(encoding="utf-8"))
    for name, mixed in {"step": False, "step_mixed_precision": True}.items():
        if name not in found:
            found[name] = step(arguments.recipe, arguments.data, mixed)
    known = found.get("runs", {})
    same = (known.get("recipe"), known.get("steps")) == (arguments.small, arguments.steps)
    losses: Losses = known["losses_log2"] if same else {how: {} for how in ACTIVATIONS}
    for seed, how in product(arguments.seeds.split(","), ACTIVATIONS):
        if seed not in losses[how]:
            files = (arguments.data, arguments.valid)
            losses[how][seed] = run(arguments.small, how, int(seed), arguments.steps, *files)
            found["runs"] = summary(arguments.small, arguments.steps, losses)
            write_json(arguments.out, found | circumstances())
            print(seed, found["runs"]["changes_percent"], flush=True)


if __name__ == "__main__":
    main()
