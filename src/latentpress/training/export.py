"""One `export` for all systems: from a checkpoint to a model package that the codec runs."""

from __future__ import annotations

import copy
import itertools
import tempfile
from pathlib import Path
from typing import Any

import torch
from torch import nn

from latentpress.atomic import atomic_folder
from latentpress.errors import InvalidInputError
from latentpress.models import ModelPackage
from latentpress.models.package import TABLES
from latentpress.parts.integer import LIMIT, freeze, set_integer
from latentpress.training.calibration import calibrate
from latentpress.training.checkpoint import Checkpoint, load_checkpoint
from latentpress.training.complexity import macs_per_pixel
from latentpress.training.data import Pictures, load_pictures
from latentpress.training.exactness import prove_exact
from latentpress.training.graphs import export_graph
from latentpress.training.packages import new_card, npz, store
from latentpress.training.plan import training_of
from latentpress.training.system import Folders, Say, Training

__all__ = ["export", "rounded", "stored_graphs", "trained_network"]

_SMALLEST = 64  # pixels of the shorter side of a picture for the tables
_CODED = 96  # pictures whose files say what rates they have


def export(
    checkpoint: str | Path,
    destination: str | Path,
    *,
    name: str,
    data: Folders,
    rates: Folders | None = None,
    report: Say | None = None,
) -> Path:
    """Write the model package of a checkpoint to the folder ``destination`` and return it.

    ``name``: what the model is called. ``data``: folders of pictures, of which some (`Training.table_pictures`) go into
    the probability tables. ``rates``: folders of pictures whose files shall have the rates that the training aimed for,
    if it did (`Training.aims`); default: ``data``. ``report`` gets lines of progress. The averaged weights are rounded
    to float16 first: these are the model, and all else is counted and measured with them.

    Raises InvalidInputError when the destination exists, when there are no pictures, and for a network that is not
    provably exact (`prove_exact`); UnsupportedError for a system that has no packages.
    """
    say = report or (lambda line: None)
    with atomic_folder(destination) as folder, tempfile.TemporaryDirectory() as scratch:
        state = load_checkpoint(checkpoint)
        training, net = trained_network(state)
        pictures = load_pictures(data, _SMALLEST)
        sample = _spread(pictures, training.table_pictures, training.table_side)
        aims, tried = training.aims(), itertools.count()

        def build(net: nn.Module) -> ModelPackage:
            # a folder of its own for each: opened packages are remembered by their folders
            where = Path(scratch, str(next(tried))) if aims else folder
            return _build(where, training, net, state, name, sample, say)

        more = {}
        if aims:
            coded = _spread(load_pictures(rates, _SMALLEST) if rates else pictures, _CODED, training.table_side)
            package, more["rates"] = calibrate(net, aims, build, coded, say)
        else:
            package = build(net)
        _describe(folder, package, training, net, sample, more, say)
    return Path(destination)


def trained_network(state: Checkpoint) -> tuple[Training, Any]:
    """The training of a checkpoint, and the network with its averaged weights."""
    training = training_of(state.recipe.codec)(state.recipe)
    net = training.network(None)
    net.load_state_dict(state.average)
    return training, net.eval()


def rounded(net: nn.Module) -> None:
    """Round the weights of a network to float16, in place, but for those of integer layers, which are 8-bit numbers.

    Raises InvalidInputError for a number that float16 does not hold.
    """
    for path, module in net.named_modules():
        if hasattr(module, "largest_sum"):
            continue
        own = (*module.named_parameters(path, recurse=False), *module.named_buffers(path, recurse=False))
        for name, value in own:
            if value.is_floating_point():
                value.data = value.data.to(torch.float16).to(value.dtype)
                if not value.isfinite().all():
                    raise InvalidInputError(f"{name} is not finite in float16: the training run has diverged")


def stored_graphs(training: Training, net: nn.Module) -> dict[str, bytes]:
    """The ONNX files of a package, by name without suffix."""
    net = copy.deepcopy(net).cpu().eval().requires_grad_(False)
    set_integer(net, True)
    freeze(net)
    graphs = training.graphs(net)
    return {key: graph if isinstance(graph, bytes) else export_graph(graph) for key, graph in graphs.items()}


def _spread(pictures: Pictures, count: int, side: int) -> Pictures:
    """At most so many pictures, spread over all, cut to a side."""
    return [picture[:side, :side] for picture in pictures[:: -(-len(pictures) // count)]]


def _build(
    folder: Path, training: Training, net: nn.Module, state: Checkpoint, name: str, sample: Pictures, say: Say
) -> ModelPackage:
    """Write the package of a network, which is rounded in place, with a card that says nothing of what it holds."""
    folder.mkdir(exist_ok=True)
    rounded(net)
    training.compact(net, sample)
    bounds = prove_exact(net)
    files = {f"{key}.onnx": graph for key, graph in stored_graphs(training, net).items()}
    card = new_card(state, name, training.sizes(net), training.package_codec)
    if bounds:
        card["exactness"] = {"limit": LIMIT, "largest_partial_sums": bounds}
    arrays = training.tables(net, None, sample)
    if arrays:
        card["training"]["table_pictures"] = len(sample)
        for done in range(training.rounds):
            say(f"probability tables, round {done + 1} of {training.rounds}: {len(sample)} pictures")
            package = store(folder, card, files | {TABLES: npz(arrays)})
            arrays = training.tables(net, training.opened(package), sample)
        files = files | {TABLES: npz(arrays)}
    return store(folder, card, files)


def _describe(
    folder: Path,
    package: ModelPackage,
    training: Training,
    net: nn.Module,
    sample: Pictures,
    more: dict[str, Any],
    say: Say,
) -> None:
    """Write a package to a folder, its card with what can be told of it, and ``more``."""
    card, files = dict(package.card), dict(package.files)
    card["complexity"] = {
        "kmac_per_pixel": {key: round(value / 1000, 3) for key, value in macs_per_pixel(package).items()},
        "parameters": sum(parameter.numel() for parameter in net.parameters()),
        "package_bytes": sum(map(len, files.values())),
    }
    for section, facts in training.facts(net, sample).items():
        card[section] = card.get(section, {}) | facts
    card |= training.measured(package, sample) | more
    package = store(folder, card, files)
    say(f"model {package.name}, id {package.id.hex()}: {card['complexity']}")
