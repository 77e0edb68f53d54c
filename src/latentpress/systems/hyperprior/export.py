"""From a checkpoint to a model package that the codec runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from latentpress.atomic import atomic_folder
from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.errors import InvalidInputError
from latentpress.models import find_model
from latentpress.models.package import TABLES
from latentpress.systems.hyperprior.counting import make_tables
from latentpress.systems.hyperprior.exactness import prove_exact
from latentpress.systems.hyperprior.model import ANALYSIS, ENCODER, HyperpriorModel
from latentpress.systems.hyperprior.net import HyperpriorNet
from latentpress.training.checkpoint import Checkpoint, load_checkpoint
from latentpress.training.complexity import macs_per_pixel
from latentpress.training.data import Pictures, load_pictures
from latentpress.training.graphs import export_graphs
from latentpress.training.packages import new_card, npz, store
from latentpress.transforms import KltBasis

__all__ = ["build_network", "export_package"]

_SIDE = 512  # pictures are cut to this for the tables
_TABLE_ROUNDS = 2  # tables change what the encoder chooses, which changes the tables


def build_network(checkpoint: Checkpoint) -> HyperpriorNet:
    """The trained network of a checkpoint, with its averaged weights."""
    size = checkpoint.recipe.model.latents
    basis = KltBasis(np.zeros((size, 768), np.float32), np.ones(size, np.float32), 128.0)
    net = HyperpriorNet(checkpoint.recipe.model, basis)
    net.load_state_dict(checkpoint.average)
    return net.eval()


def export_package(
    checkpoint: str | Path,
    destination: str | Path,
    *,
    name: str,
    data: str | Path | Sequence[str | Path],
    pictures: int = 60,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Write the model package of a checkpoint to the folder ``destination`` and return it.

    ``name``: what the model is called. ``data``: folders of training pictures, of which ``pictures`` go into the
    probability tables. Raises InvalidInputError when the destination exists, when there are no pictures, and for a
    model whose integer path is not provably exact (`prove_exact`).

    Of a run that taught the encoder only, the package holds the analysis and names the installed model whose files it
    makes: the codec's default one.
    """
    say = report or (lambda line: None)
    with atomic_folder(destination) as folder:
        state = load_checkpoint(checkpoint)
        net = build_network(state)
        if state.recipe.objective.encoder_only:
            _write_encoder(folder, net, state, name)
            return Path(destination)
        bounds = prove_exact(net)
        found = load_pictures(data, 64)
        sample = [p[:_SIDE, :_SIDE] for p in found[:: max(1, len(found) // pictures)][:pictures]]
        _write(folder, net, state, name, bounds, sample, say)
    return Path(destination)


def _write(
    folder: Path,
    net: HyperpriorNet,
    state: Checkpoint,
    name: str,
    bounds: dict[str, int],
    sample: Pictures,
    say: Callable[[str], None],
) -> None:
    files = {f"{key}.onnx": graph for key, graph in export_graphs(net).items()}
    table = net.hyper_synthesis.hyper_scale
    hyper_scale = (table.integer_table() * 2.0**-table.bits).double().numpy()
    arrays = make_tables(hyper_scale)
    config: dict[str, Any] = {
        "latents": net.config.latents,
        "hyper_latents": net.config.hyper_latents,
        "passes": net.config.passes,
        "margin": net.config.margin,
        "anchors": net.config.anchors,
        "steps_per_anchor": STEPS_PER_ANCHOR,
        "lambda_low": net.config.lambda_low,
        "lambda_high": net.config.lambda_high,
    }
    card = new_card(state, name, config)
    card["training"]["table_pictures"] = len(sample)
    card["exactness"] = {"limit": 2**24, "largest_partial_sums": bounds}
    for done in range(_TABLE_ROUNDS):
        say(f"probability tables, round {done + 1} of {_TABLE_ROUNDS}: {len(sample)} pictures at each anchor")
        package = store(folder, card, files | {TABLES: npz(arrays)})
        model = HyperpriorModel(package)
        arrays = make_tables(hyper_scale, model, sample)
    package = store(folder, card, files | {TABLES: npz(arrays)})
    card["complexity"] = {
        "kmac_per_pixel": {key: round(value / 1000, 3) for key, value in macs_per_pixel(package).items()},
        "parameters": sum(p.numel() for p in net.parameters()),
        "package_bytes": sum(map(len, package.files.values())),
    }
    package = store(folder, card, package.files)
    say(f"model {package.name}, id {package.id.hex()}: {card['complexity']}")


def _write_encoder(folder: Path, net: HyperpriorNet, state: Checkpoint, name: str) -> None:
    """A package with the analysis alone. No exactness is asked of it: whatever latents it finds, the file says."""
    decoder = find_model(state.recipe.codec)
    latents = int(decoder.config["latents"])
    if latents != net.config.latents:
        raise InvalidInputError(f"the run's encoder finds {net.config.latents} latents, {decoder.name} has {latents}")
    config = {"model": decoder.id.hex(), "tune": state.recipe.objective.distortion}
    card = new_card(state, name, config, ENCODER)
    store(folder, card, {f"{ANALYSIS}.onnx": export_graphs(net)[ANALYSIS]})
