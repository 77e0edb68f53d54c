"""``latentpress train`` and ``latentpress export``."""

from __future__ import annotations

import sys
from enum import StrEnum
from pathlib import Path
from typing import Annotated

import typer

import latentpress
from latentpress._extras import needs_extra
from latentpress.limits import MAX_THREADS

__all__ = ["export", "train"]


class Device(StrEnum):
    """Where training runs."""

    CPU = "cpu"
    CUDA = "cuda"


class Acceleration(StrEnum):
    """How the steps of training run."""

    NONE = "none"
    GRAPH = "graph"
    COMPILE = "compile"


def train(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE.toml", help="What to train, and how: a file, or the name of a built-in recipe."),
    ],
    data: Annotated[
        list[Path] | None, typer.Option(metavar="DIR", help="Folder of training pictures; may be repeated.  [required]")
    ] = None,
    out: Annotated[
        Path | None, typer.Option(metavar="RUN_DIR", help="Folder for the checkpoint and log.csv.  [required]")
    ] = None,
    valid: Annotated[
        Path | None, typer.Option(metavar="DIR", help="Folder of pictures for validation points in the log.")
    ] = None,
    minutes: Annotated[
        float | None,
        typer.Option(min=0, show_default="the recipe's steps", help="Stop after this time, checkpoint saved."),
    ] = None,
    resume: Annotated[bool, typer.Option("--resume", help="Go on from the checkpoint in RUN_DIR.")] = False,
    start: Annotated[
        Path | None,
        typer.Option(
            metavar="CHECKPOINT|MODEL",
            help="Begin a new run with this checkpoint's averaged weights, or those of a model: its name or folder.",
        ),
    ] = None,
    race: Annotated[
        str | None,
        typer.Option(
            metavar="KEY=VALUE,...",
            help="Try each of these settings of the recipe from the same start, and go on with the best.",
        ),
    ] = None,
    race_steps: Annotated[int, typer.Option(min=1, help="Steps of each of them.")] = 300,
    device: Annotated[Device, typer.Option(help="Where to train.")] = Device.CPU,
    threads: Annotated[
        int | None, typer.Option(min=1, max=MAX_THREADS, show_default="all cores", help="CPU threads to use.")
    ] = None,
    accelerate: Annotated[
        Acceleration | None,
        typer.Option(
            show_default="graph on a GPU",
            help="How steps run: one kernel after the other, as a CUDA graph, or compiled and as a CUDA graph.",
        ),
    ] = None,
) -> None:
    r"""Train a codec's network on your own pictures.

    A run can be stopped at any time (Ctrl-C) and resumed with the same result as an uncut one. Needs the extra
    'train'.

    Example: latentpress train hyperprior --data photos --out runs/first --minutes 60

    A race: latentpress train hyperprior ... --race schedule.optimiser=adam,schedule.optimiser=muon
    """
    if not data or out is None:  # who asks for a recipe that there is not wants to know those that there are
        with needs_extra("training", "train"):
            from latentpress.training.plan import read_recipe
        read_recipe(recipe)
        raise latentpress.InvalidInputError(f"training needs {'--out RUN_DIR' if data else '--data DIR'}")
    checkpoint = latentpress.train(
        recipe,
        data,
        run=out,
        valid=valid,
        minutes=minutes,
        resume=resume,
        start=start,
        race=race.split(",") if race else None,
        race_steps=race_steps,
        device=device.value,
        threads=threads,
        accelerate=accelerate.value if accelerate else None,
    )
    print(checkpoint)


def export(
    checkpoint: Annotated[Path, typer.Argument(metavar="CHECKPOINT", help="Checkpoint file of a training run.")],
    destination: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Folder to write the model package to.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the model.")],
    data: Annotated[
        list[Path],
        typer.Option(metavar="DIR", help="Folder of pictures to count symbols, or to measure, on; may be repeated."),
    ],
    rates: Annotated[
        list[Path] | None,
        typer.Option(
            metavar="DIR",
            help="Folder of pictures that the rates of a codec with a controller are set on.",
            show_default="those of --data",
        ),
    ] = None,
) -> None:
    """Make a model package (ONNX networks, integer tables, card) of a checkpoint.

    Refuses a network that breaks the bound under which decoding is exact on every machine.

    Example: latentpress export runs/first/checkpoint.safetensors models/first --name first --data photos
    """
    with needs_extra("export", "train"):
        from latentpress.training.export import export as export_package
    export_package(checkpoint, destination, name=name, data=data, rates=rates, report=_progress)
    print(f"{destination}: model {name}")


def _progress(line: str) -> None:
    """Print a line of progress on standard error."""
    print(line, file=sys.stderr, flush=True)
