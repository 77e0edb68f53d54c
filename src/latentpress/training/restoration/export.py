"""From a restorer's checkpoint to a model package."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from latentpress.atomic import atomic_folder
from latentpress.restoration.network import CODEC, NETWORK
from latentpress.restoration.tables import describe, standard_quantisation
from latentpress.training.checkpoint import Checkpoint, load_checkpoint
from latentpress.training.complexity import count_macs
from latentpress.training.data import load_pictures
from latentpress.training.graphs import export_graph
from latentpress.training.packages import new_card, store
from latentpress.training.restoration.recipe import RestorationRecipe, build_restorer
from latentpress.training.restoration.validation import validate

__all__ = ["export_package", "trained_restorer"]

_SIDE = 256  # pixels of the square picture whose arithmetic is counted


def trained_restorer(checkpoint: Checkpoint) -> Any:
    """The network of a checkpoint, with its averaged weights."""
    net = build_restorer(checkpoint.recipe)
    net.load_state_dict(checkpoint.average)
    return net.eval()


def export_package(
    checkpoint: str | Path,
    destination: str | Path,
    *,
    name: str,
    data: str | Path | Sequence[str | Path],
    pictures: int = 12,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Write the model package of a restorer's checkpoint to the folder ``destination`` and return it.

    ``name``: what the model is called. ``data``: folders of pictures, of which the gain on ``pictures`` goes into the
    card. Raises InvalidInputError when the destination exists, and when there is no checkpoint or no picture.
    """
    say = report or (lambda line: None)
    with atomic_folder(destination) as folder:
        state = load_checkpoint(checkpoint, RestorationRecipe.from_dict)
        net = trained_restorer(state)
        found = load_pictures(data, 64)
        sample = found[:: max(1, len(found) // pictures)][:pictures]
        points = validate(net, sample)
        say("gain over the JPEG: " + "  ".join(f"quality {p.quality}: {p.gain:+.2f} dB" for p in points))
        graph = _graph(net)
        sizes = net.config
        config = {"network": state.recipe.codec, "multiple": sizes.multiple, "margin": sizes.margin}
        files = {f"{NETWORK}.onnx": graph}
        card = new_card(state, name, config, CODEC)
        card["check"] = {
            "pictures": len(sample),
            "psnr": {str(p.quality): round(p.psnr, 3) for p in points},
            "gain": {str(p.quality): round(p.gain, 3) for p in points},
        }
        card["complexity"] = {
            "kmac_per_pixel": round(count_macs(graph, {"pixels": _SIDE}) / _SIDE**2 / 1000, 3),
            "parameters": sum(p.numel() for p in net.parameters()),
            "package_bytes": len(graph),
        }
        store(folder, card, files)
    return Path(destination)


def _graph(net: Any) -> bytes:
    """The network as an ONNX graph: ``pixels`` and the values that it takes in, ``correction`` out."""
    for parameter in net.parameters():
        parameter.requires_grad_(False)
    side = net.config.multiple * 8
    values = describe([standard_quantisation(50)])
    inputs = (torch.zeros(1, 3, side, side), *(torch.from_numpy(values[key]) for key in net.inputs))
    return export_graph(net, inputs, ("pixels", *net.inputs), ("correction",), net.inputs)
