"""Checkpoints: one safetensors file that holds all a run needs to go on as if it had not been cut."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from latentpress.atomic import atomic_output
from latentpress.errors import CorruptFileError, InvalidInputError
from latentpress.training.plan import Plan

__all__ = [
    "Checkpoint",
    "cast",
    "checkpoint_bytes",
    "load_checkpoint",
    "network_state",
    "save_checkpoint",
    "save_starting_point",
]


_MOMENTS = {"exp_avg": "first", "exp_avg_sq": "second"} | {
    name: name for name in ("left", "left_basis", "right", "right_basis")
}  # what optimisers remember of a parameter, and what the file calls it


@dataclass(frozen=True)
class Checkpoint:
    """``weights`` and ``average`` (the EMA): state of the network by name. ``moments``: what its
    optimiser remembers of each parameter, by name; empty when saved for export only. ``updates``: how often each of
    these parameters has been updated. ``step``: steps done. ``history``: facts for the card (seconds, hardware).
    """

    recipe: Plan
    step: int
    weights: dict[str, Tensor]
    average: dict[str, Tensor]
    moments: dict[str, dict[str, Tensor]]
    history: dict[str, Any]
    updates: dict[str, int] = field(default_factory=dict)


def save_checkpoint(checkpoint: Checkpoint, path: str | Path) -> None:
    """Write the file whole or not at all."""
    content = checkpoint_bytes(checkpoint)
    with atomic_output(path) as stream:
        stream.write(content)


def checkpoint_bytes(checkpoint: Checkpoint) -> bytes:
    """The checkpoint as a file's content."""
    from safetensors.torch import save

    tensors: dict[str, Tensor] = {}
    for prefix, group in (("weights", checkpoint.weights), ("average", checkpoint.average)):
        tensors |= {f"{prefix}/{name}": value.detach().cpu().contiguous().clone() for name, value in group.items()}
    for name, moments in checkpoint.moments.items():
        for kind, moment in moments.items():
            tensors[f"{_MOMENTS[kind]}/{name}"] = moment.detach().cpu().contiguous().clone()
    about = {"recipe": checkpoint.recipe.to_dict(), "step": checkpoint.step, "history": checkpoint.history}
    others = {name: count for name, count in checkpoint.updates.items() if count != checkpoint.step}
    if others:
        about["updates"] = others
    return save(tensors, metadata={"latentpress": json.dumps(about)})


def load_checkpoint(path: str | Path) -> Checkpoint:
    """Read a checkpoint of whatever system.

    Raises InvalidInputError when there is none, CorruptFileError when it is damaged.
    """
    from safetensors import SafetensorError, safe_open

    if not Path(path).is_file():
        raise InvalidInputError(f"no checkpoint at {path}")
    groups: dict[str, dict[str, Tensor]] = {name: {} for name in ("weights", "average", *_MOMENTS.values())}
    try:
        with safe_open(str(path), framework="pt") as file:
            about = json.loads(file.metadata()["latentpress"])
            for key in file.keys():  # noqa: SIM118 - not a dict
                prefix, name = key.split("/", 1)
                groups[prefix][name] = file.get_tensor(key)
        recipe, step, history = Plan.from_dict(about["recipe"]), int(about["step"]), dict(about["history"])
        updates = dict.fromkeys(groups["first"], step) | dict(about.get("updates", {}))
    except (SafetensorError, KeyError, ValueError, TypeError) as error:
        raise CorruptFileError(f"{path} is not a LatentPress checkpoint: {error}") from None
    moments = {
        name: {kind: groups[of][name] for kind, of in _MOMENTS.items() if name in groups[of]}
        for name in groups["first"]
    }
    average = cast(groups["average"], torch.float32)
    return Checkpoint(recipe, step, groups["weights"] or dict(average), average, moments, history, updates)


def save_starting_point(source: str | Path, destination: str | Path) -> None:
    """Write a small checkpoint, an eighth of the full one: the averaged weights alone, as float16.

    A run resumed from it goes on from there with fresh moments.
    """
    state = load_checkpoint(source)
    save_checkpoint(replace(state, weights={}, average=cast(state.average, torch.float16), moments={}), destination)


def cast(values: Mapping[str, Tensor], kind: torch.dtype) -> dict[str, Tensor]:
    """State of a network with its floats in another precision; counters stay whole numbers."""
    return {name: value.to(kind) if value.is_floating_point() else value for name, value in values.items()}


def network_state(network: torch.nn.Module) -> dict[str, Tensor]:
    """Parameters and buffers by name, detached."""
    return {name: value.detach() for name, value in network.state_dict().items()}
