"""``latentpress pack-training`` and ``latentpress unpack-training``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from latentpress._extras import needs_extra
from latentpress.apps.sizes import parse_size

__all__ = ["pack_training", "unpack_training"]


def pack_training(
    recipe: Annotated[
        str,
        typer.Argument(metavar="RECIPE.toml", help="What to train, and how: a file, or the name of a built-in recipe."),
    ],
    data: Annotated[list[Path], typer.Option(metavar="DIR", help="Folder of training pictures; may be repeated.")],
    out: Annotated[Path, typer.Option(metavar="PACK_DIR", help="Folder to write.")],
    valid: Annotated[Path | None, typer.Option(metavar="DIR", help="Folder of pictures to validate on.")] = None,
    checkpoint: Annotated[
        Path | None,
        typer.Option(
            metavar="CHECKPOINT",
            help="Go on from this checkpoint; if it is of another recipe, begin with its averaged weights.",
        ),
    ] = None,
    crops: Annotated[
        int | None,
        typer.Option(min=1, show_default="whole picture files", help="Pack so many random crops, as bare pixels."),
    ] = None,
    crop_size: Annotated[int, typer.Option(min=64, help="With --crops: side of a crop in pixels.")] = 320,
    shard_size: Annotated[str, typer.Option(metavar="SIZE", help="Largest file of pictures.")] = "48MB",
    seed: Annotated[int, typer.Option(help="Of the order of the pictures and of the crops.")] = 0,
) -> None:
    """Pack what training needs on a machine that has a GPU and PyTorch, but neither this package nor the pictures.

    There: python run.py --minutes 8 --out OUT. Files may be sent one after the other: run.py uses the shards that are
    there. Bring back OUT and give it to unpack-training.

    Example: latentpress pack-training hyperprior-gpu --data photos --valid held-out --out pack
    """
    with needs_extra("packing", "train"):
        from latentpress.training import pack
    pack.pack_training(
        recipe,
        data,
        out,
        valid=valid,
        checkpoint=checkpoint,
        crops=crops,
        crop_size=crop_size,
        shard_size=parse_size(shard_size),
        seed=seed,
        say=lambda line: print(line, file=sys.stderr, flush=True),
    )
    print(out)


def unpack_training(
    out: Annotated[Path, typer.Argument(metavar="OUT", help="Folder that run.py left.")],
    run: Annotated[Path, typer.Argument(metavar="RUN_DIR", help="Folder of the run, as of train.")],
) -> None:
    """Put what a pack's run.py brought back into the folder of a run, for train --resume and export.

    Example: latentpress unpack-training OUT runs/mine
    """
    with needs_extra("unpacking", "train"):
        from latentpress.training import parts
    step = parts.join_state(out, run)
    print(f"{run}: step {step}")
