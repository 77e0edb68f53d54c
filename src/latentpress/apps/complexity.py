"""``latentpress complexity``."""

from __future__ import annotations

import json
from typing import Annotated

import typer

from latentpress._extras import needs_extra

__all__ = ["complexity"]


def complexity(
    model: Annotated[
        str | None,
        typer.Argument(metavar="[MODEL]", help="Name or folder of a model package. Default: the shipped lossy one."),
    ] = None,
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON.")] = False,
) -> None:
    r"""Count a model's multiply-accumulates for each pixel, from its stored networks.

    Counts convolutions and layers of perceptrons; everything else is small beside them. A network that runs more than
    once is counted once. Needs the extra 'train'.

    Example: latentpress complexity hyperprior-3
    """
    from latentpress.models import find_model, named_model

    with needs_extra("complexity", "train"):
        from latentpress.training.complexity import macs_per_pixel
    package = find_model("hyperprior") if model is None else named_model(model)
    counts = {name: round(value / 1000, 3) for name, value in macs_per_pixel(package).items()}
    if as_json:
        print(json.dumps({"model": package.name, "id": package.id.hex(), "kmac_per_pixel": counts}))
        return
    print(f"{package.name} ({package.id.hex()}), thousand multiply-accumulates a pixel:")
    for name, value in counts.items():
        print(f"{name:16}{value:8.3f}")
