"""What each choice in the design of the lossy codec is worth, by short runs that differ in it alone.

    python benchmarks/ablations.py --data DIR [DIR ...] --valid DIR --out benchmarks/results/ablations.json

A small network (192 latents, 64 and 128 channels) is trained for so many steps from a start of its own, with the same
seed and crops each time: first as the shipped codec is, then with one change. What counts is the validation loss at
the end, the mean of log2(R + lambda D) over five rates: 0.0144 is one per cent. A second seed of the base shows how
much of a difference means nothing. Stopped at any time, it goes on where it was: runs that the output has are kept.
"""

from __future__ import annotations

import argparse
import csv
import json
import tempfile
import time
from pathlib import Path
from typing import Any

from common import circumstances, write_json

from latentpress.training.checkpoint import load_checkpoint
from latentpress.training.complexity import count_macs
from latentpress.training.export import stored_graphs, trained_network
from latentpress.training.plan import Plan
from latentpress.training.run import train
from latentpress.training.runner import LOG

BASE: dict[str, dict[str, Any]] = {
    "model": {
        "latents": 192, "hyper_latents": 32, "narrow": 64, "wide": 128, "narrow_depth": 2, "wide_depth": 2,
        "features": 64, "passes": 4,
    },
    "schedule": {"batch": 8, "crop": 128, "warmup": 100, "decay_from": 0.5, "hard_from": 0.0, "seed": 1},
    "objective": {},
}  # fmt: skip

_SOFT = {"hard_from": 0.8}

CHANGES: dict[str, tuple[str, dict[str, dict[str, Any]]]] = {
    "base": ("as shipped, but small", {}),
    "seed": ("another seed", {"schedule": {"seed": 2}}),
    "random-start": ("no KLT at the start", {"schedule": {"klt_pictures": 0}}),
    "linear-full-rate": ("linear path at the full learning rate", {"schedule": {"linear_factor": 1.0}}),
    "linear-fixed": ("linear path held fixed", {"schedule": {"linear_factor": 0.0}}),
    "plain-mean": ("plain mean of the batch's losses", {"objective": {"average": "plain"}}),
    "two-passes": ("two passes", {"model": {"passes": 2}}),
    "kernel-5": ("5x5 depth-wise kernels", {"model": {"kernel": 5}}),
    "expansion-4": ("expansion 4 in residual blocks", {"model": {"expansion": 4}}),
    "latents-128": ("128 latents", {"model": {"latents": 128}}),
    "latents-256": ("256 latents", {"model": {"latents": 256}}),
    "soft-part": ("mixed quantisation for 80 % of the steps", {"schedule": _SOFT}),
    "soft-noise": ("noise for 80 % of the steps", {"schedule": _SOFT, "objective": {"quantisation": "noise"}}),
    "soft-round": ("soft rounding for 80 %", {"schedule": _SOFT, "objective": {"quantisation": "soft-round"}}),
}  # fmt: skip


POINT = ("rate", "loss", "bpp", "psnr")


def recipe(name: str, steps: int) -> Plan:
    """The recipe of a run."""
    parts = {section: values | CHANGES[name][1].get(section, {}) for section, values in BASE.items()}
    parts["schedule"] |= {"steps": steps, "validate_every": max(1, steps // 2)}
    return Plan.from_dict({"codec": "hyperprior", **parts})


def run(name: str, steps: int, data: list[Path], valid: Path, threads: int) -> dict[str, Any]:
    """Train once; what came of it."""
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        checkpoint = train(recipe(name, steps), data, run=folder, valid=valid, threads=threads)
        seconds = time.perf_counter() - start
        state = load_checkpoint(checkpoint)
        if state.step < steps:
            raise SystemExit(f"{name}: stopped at step {state.step}; the same command begins this run again")
        with (Path(folder) / LOG).open(newline="", encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["kind"] == "valid"]
        graph = stored_graphs(*trained_network(state))["synthesis"]
        macs = count_macs(graph, {"values": 16}, 256) / 256**2
    curve: dict[int, list[float]] = {}
    for row in rows:
        curve.setdefault(int(row["step"]), []).append(float(row["loss"]))
    return {
        "change": CHANGES[name][0],
        "loss": {step: sum(losses) / len(losses) for step, losses in curve.items()},
        "points": [{key: float(row[key]) for key in POINT} for row in rows if int(row["step"]) == steps],
        "synthesis_kmac_per_pixel": macs / 1000,
        "seconds": seconds,
    }


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, nargs="+", required=True, help="folders of training pictures")
    parser.add_argument("--valid", type=Path, required=True, help="folder of held-out pictures")
    parser.add_argument("--out", type=Path, required=True, help="JSON file to write")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument("--only", nargs="+", choices=CHANGES, default=list(CHANGES))
    arguments = parser.parse_args()
    runs: dict[str, Any] = {}
    if arguments.out.exists():
        before = json.loads(arguments.out.read_text(encoding="utf-8"))
        runs = before["runs"] if before["steps"] == arguments.steps else {}
    for name in arguments.only:
        if name not in runs:
            runs[name] = run(name, arguments.steps, arguments.data, arguments.valid, arguments.threads)
            ordered = {key: runs[key] for key in CHANGES if key in runs}
            about = {"steps": arguments.steps, "threads": arguments.threads, "base": BASE}
            write_json(arguments.out, {**circumstances(), **about, "runs": ordered})
        show(name, runs, arguments.steps)


def show(name: str, runs: dict[str, Any], steps: int) -> None:
    """Print a run's end, and how far it is from the base."""
    loss, base = (list(runs[key]["loss"].values())[-1] for key in (name, "base"))
    percent = 100 * (2 ** (loss - base) - 1)
    print(f"{name}: {loss:.4f} after {steps} steps, {percent:+.1f} % of R + lambda D against the base", flush=True)


if __name__ == "__main__":
    main()
