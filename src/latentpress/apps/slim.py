"""``latentpress slim``."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from latentpress._extras import needs_extra
from latentpress.limits import MAX_THREADS

__all__ = ["slim"]


def slim(
    model: Annotated[str, typer.Argument(metavar="MODEL", help="Name or folder of a model package.")],
    destination: Annotated[Path, typer.Argument(metavar="OUT_DIR", help="Folder to write the new package to.")],
    name: Annotated[str, typer.Option(metavar="NAME", help="Name of the new model.")],
    data: Annotated[
        list[Path] | None,
        typer.Option(metavar="DIR", help="Folder of pictures to learn from; may be repeated."),
    ] = None,
    network: Annotated[
        list[str] | None,
        typer.Option(metavar="NETWORK", show_default="all float ones", help="Network to slim; may be repeated."),
    ] = None,
    rank: Annotated[float, typer.Option(help="Split layers in two where that keeps this part of their output.")] = 1.0,
    macs: Annotated[float, typer.Option(help="Part of the arithmetic that stays, by taking channels out.")] = 1.0,
    rounds: Annotated[int, typer.Option(help="Rounds of taking channels out, with fine-tuning after each.")] = 4,
    search: Annotated[int, typer.Option(help="Search so many width vectors for the channels that stay.")] = 0,
    sparsity: Annotated[float, typer.Option(help="Part of the weights that become zero.")] = 0.0,
    bits: Annotated[float, typer.Option(help="Bits of a weight on average, by codebooks; 0 for none.")] = 0.0,
    steps: Annotated[int, typer.Option(help="Steps of fine-tuning in all.")] = 0,
    rate: Annotated[float, typer.Option(help="Of learning, in units of the noise of the outputs.")] = 3e-3,
    crops: Annotated[int, typer.Option(help="Pictures to code and learn from.")] = 400,
    crop: Annotated[int, typer.Option(help="Pixels of a side of them.")] = 192,
    start: Annotated[
        str, typer.Option(metavar="MODEL", help="Go on with the networks of a package that was slimmed out of MODEL.")
    ] = "",
    seed: Annotated[int, typer.Option(help="Of all that is drawn.")] = 0,
    coded: Annotated[bool, typer.Option("--coded", help="Store networks as Huffman codes.")] = False,
    painter: Annotated[
        str, typer.Option(metavar="PAINTER", help="Make the synthesis a painter of this name for the model's files.")
    ] = "",
    threads: Annotated[
        int | None, typer.Option(min=1, max=MAX_THREADS, show_default="all cores", help="CPU threads to use.")
    ] = None,
) -> None:
    """Make a package of a model whose networks are smaller or quicker. Needs the extra 'train'.

    Only networks change that no file depends on to be read; the new model has files of its own, unless nothing but the
    coded form is asked for, or a painter.

    Example: latentpress slim hyperprior-3 light --name light --data photos --network synthesis --macs 0.6 --steps 2000
    """
    with needs_extra("slimming", "train"):
        import torch

        from latentpress.models import named_model
        from latentpress.slimming.slim import Wish
        from latentpress.slimming.slim import slim as make
    if threads:
        torch.set_num_threads(threads)
    wish = Wish(
        networks=network or (), rank=rank, macs=macs, rounds=rounds, search=search, sparsity=sparsity, bits=bits,
        steps=steps, rate=rate, crops=crops, crop=crop, start=start, seed=seed, coded=coded, painter=painter,
    )  # fmt: skip
    print(
        make(named_model(model), destination, name, data, wish, lambda line: print(line, file=sys.stderr, flush=True))
    )
