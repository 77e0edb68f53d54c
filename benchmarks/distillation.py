"""Who should teach a small painter: nobody, two teachers that learn beside it, or the model's own synthesis.

    python benchmarks/distillation.py --data PHOTOS --valid PICTURES --out benchmarks/results/distillation.json

One student of one size, equal steps and crops, several seeds. Two pairs are compared:

- `alone`, which learns the generative look from originals and a critic, beside `distilled`, which learns it from a wide
  and a deep teacher who learn from originals and critic meanwhile (the recipe's section `[distillation]`);
- `originals`, which makes its squared error to the originals small, beside `own`, which makes that to what the model's
  own synthesis shows of the same values small.

Judged by validation of the averaged weights on crops that nobody learned from, at five rates: PSNR in dB below the
model's own synthesis, distance of texture to the original, and the loss of the first pair, log2 of the error plus that.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from dataclasses import replace
from pathlib import Path
from typing import Any

import torch
from common import circumstances, pictures, read_rgb, write_json

from latentpress.systems.painter.training import PainterTraining
from latentpress.training.plan import Plan, load_plan
from latentpress.training.runner import Runner

SEEDS = (0, 1, 2)
JUDGED = ("loss", "below", "texture")
CROP = 256  # of a picture to judge by: its middle


def ways(plan: Plan) -> dict[str, Plan]:
    """The plan of each way to learn, by name."""
    alone = replace(plan, model=replace(plan.model, teacher_width=0, teacher_depth=0))
    bare = replace(alone, model=replace(alone.model, critic=0))
    aims = replace(plan.objective, texture=0.0, fooling=0.0)
    targets = {name: {**plan.more, "objective": replace(aims, target=name)} for name in ("original", "own")}
    return {
        "alone": alone,
        "distilled": plan,
        "originals": replace(bare, more=targets["original"]),
        "own": replace(bare, more=targets["own"]),
    }


def held_out(folder: Path, judge: PainterTraining) -> Any:
    """Crops of the pictures of a folder at five rates."""
    with tempfile.TemporaryDirectory() as place:
        for number, path in enumerate(pictures(folder)):
            picture = read_rgb(path)
            left, top = ((side - CROP) // 2 for side in picture.size)
            picture.crop((left, top, left + CROP, top + CROP)).save(Path(place) / f"{number:03}.png")
        return judge.held_out(place, None, print)


def outcome(plan: Plan, samples: Any, judged: Any, judge: PainterTraining) -> dict[str, float]:
    """Means over the rates for a run of the plan, and seconds of the processor that it took."""
    torch.manual_seed(plan.schedule.seed)
    training = PainterTraining(plan)
    net = training.network(samples)
    runner = Runner(training, net, samples, None)
    runner.accelerate(None, print)
    start = time.process_time()
    for _ in range(plan.schedule.steps):
        runner.advance()
    seconds = time.process_time() - start
    net.load_state_dict(runner.average)
    net.eval()
    points = judge.validate(net, judged)
    found = {"loss": statistics.fmean(point.loss for point in points), "seconds": seconds}
    return found | {name: statistics.fmean(point.figures[name] for point in points) for name in JUDGED[1:]}


def compared(runs: dict[str, list[dict[str, float]]], one: str, other: str) -> dict[str, Any]:
    """By figure: what ``one`` has more than ``other``, for each seed, and its mean and deviation."""
    found = {}
    for name in JUDGED:
        more = [a[name] - b[name] for a, b in zip(runs[one], runs[other], strict=True)]
        found[name] = {"by_seed": more, "mean": statistics.fmean(more), "deviation": statistics.stdev(more)}
    return found


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--valid", type=Path, required=True)
    parser.add_argument("--recipe", default=str(Path(__file__).with_suffix(".toml")))
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.set_num_threads(1)
    plan = load_plan(arguments.recipe)
    judge = PainterTraining(plan)
    samples = judge.samples(arguments.data, Path(), print)
    judged = held_out(arguments.valid, judge)
    runs: dict[str, list[dict[str, float]]] = {}
    for name, way in ways(plan).items():
        seeded = [replace(way, schedule=replace(way.schedule, seed=seed)) for seed in SEEDS]
        runs[name] = [outcome(one, samples, judged, judge) for one in seeded]
        print(name, *({key: round(value, 4) for key, value in one.items()} for one in runs[name]), flush=True)
    found = {
        "recipe": plan.to_dict(),
        "seeds": SEEDS,
        "held_out": len(judged),
        "runs": runs,
        "distilled_over_alone": compared(runs, "distilled", "alone"),
        "own_over_originals": compared(runs, "own", "originals"),
    }
    write_json(arguments.out, {**circumstances(), **found})


if __name__ == "__main__":
    main()
