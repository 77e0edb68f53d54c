"""From a checkpoint of `importance-map` to a model package that the codec runs."""

from __future__ import annotations

import copy
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import torch

from latentpress.atomic import atomic_folder
from latentpress.codecs.rates import STEPS_PER_ANCHOR
from latentpress.errors import InvalidInputError
from latentpress.models.package import TABLES
from latentpress.parts.integer import WEIGHT_LIMIT, IntegerConv2d, exact_bound, set_integer
from latentpress.systems.hyperprior.net import FEATURE_BITS
from latentpress.systems.importance_map.counting import make_tables
from latentpress.systems.importance_map.layout import BANDS
from latentpress.systems.importance_map.model import NETWORKS, ImportanceModel
from latentpress.systems.importance_map.net import SIGNED_BITS, ImportanceNet, placeholder_basis
from latentpress.systems.importance_map.recipe import ImportanceRecipe
from latentpress.training.checkpoint import Checkpoint, load_checkpoint
from latentpress.training.complexity import count_macs
from latentpress.training.data import Pictures, load_pictures
from latentpress.training.graphs import export_graph, freeze
from latentpress.training.packages import new_card, npz, store

__all__ = ["build_network", "export_package", "prove_exact"]

LIMIT = 2**24

_SIDE = 384  # pictures are cut to this for the tables
_SMALL = ("expand", "project", "down", "up")  # layers of the transforms whose weights are stored in 8 bits


def build_network(checkpoint: Checkpoint) -> ImportanceNet:
    """The trained network of a checkpoint, with its averaged weights."""
    net = ImportanceNet(checkpoint.recipe.model, placeholder_basis(checkpoint.recipe.model.latents))
    net.load_state_dict(checkpoint.average)
    return net.eval()


def export_package(
    checkpoint: str | Path,
    destination: str | Path,
    *,
    name: str,
    data: str | Path | Sequence[str | Path],
    pictures: int = 16,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Write the model package of a checkpoint to the folder ``destination`` and return it; arguments and errors as
    `latentpress.systems.hyperprior.export.export_package`.
    """
    say = report or (lambda _: None)
    with atomic_folder(destination) as folder:
        state = load_checkpoint(checkpoint, ImportanceRecipe.from_dict)
        net = build_network(state)
        bounds = prove_exact(net)
        found = load_pictures(data, 64)
        sample = [p[:_SIDE, :_SIDE] for p in found[:: max(1, len(found) // pictures)][:pictures]]
        _write(folder, net, state, name, bounds, sample, say)
    return Path(destination)


def prove_exact(net: ImportanceNet) -> dict[str, int]:
    """Largest magnitude that any partial sum can reach in each integer layer; as `training.exactness.prove_exact`."""
    for name, parameter in net.named_parameters():
        if not parameter.isfinite().all():
            raise InvalidInputError(f"{name} is not finite: the training run has diverged")
    largest = {FEATURE_BITS: 255, SIGNED_BITS: 254, 0: 1}
    bounds = {"context.offset": int(net.context.offset.integer_table().abs().max().item()) * 16}
    for name, layer in net.named_modules():
        if isinstance(layer, IntegerConv2d):
            weight, bias, exponents = layer.integer_parameters()
            # an engine may fold the shift and the rounding offset into the sum: half an output unit joins the bias
            half = 2.0 ** (exponents + layer.in_bits - layer.out_bits - 1)
            bounds[name] = exact_bound(weight, bias.abs() + half.clamp_min(1), largest[layer.in_bits])
    for name, bound in bounds.items():
        if bound >= LIMIT:
            raise InvalidInputError(f"{name} is not exact: sums can reach {bound}, the limit is {LIMIT}")
    return bounds


def _write(
    folder: Path,
    net: ImportanceNet,
    state: Checkpoint,
    name: str,
    bounds: dict[str, int],
    sample: Pictures,
    say: Callable[[str], None],
) -> None:
    c = net.config
    files = {f"{key}.onnx": graph for key, graph in _graphs(net).items()}
    config: dict[str, Any] = {
        "latents": c.latents,
        "pyramid": c.pyramid,
        "signed": c.signed,
        "margin": c.transforms.margin,
        "anchors": c.anchors,
        "steps_per_anchor": STEPS_PER_ANCHOR,
    }
    card = new_card(state, name, config)
    card["training"]["table_pictures"] = len(sample)
    card["exactness"] = {"limit": LIMIT, "largest_partial_sums": bounds}
    say(f"probability tables: {len(sample)} pictures at {c.anchors} rates")
    package = store(folder, card, files | {TABLES: npz(make_tables(c.anchors, c.latents, c.pyramid))})
    arrays = make_tables(c.anchors, c.latents, c.pyramid, ImportanceModel(package), sample)
    package = store(folder, card, files | {TABLES: npz(arrays)})
    sides = {"x": 256} | dict.fromkeys(("latents", "values", "dropped", "levels", "signed", "hints", "band"), 16)
    macs = {key: round(count_macs(package.network(key), sides) / 256**2 / 1000, 3) for key in NETWORKS}
    card["complexity"] = {
        "kmac_per_pixel": macs,
        "context": "runs once for each phase of each plane that is coded",
        "parameters": sum(p.numel() for p in net.parameters()),
        "package_bytes": sum(map(len, package.files.values())),
    }
    package = store(folder, card, package.files)
    say(f"model {package.name}, id {package.id.hex()}: {card['complexity']}")


def _graphs(net: ImportanceNet) -> dict[str, bytes]:
    """Every network of the codec by name, with dynamic height and width and batch 1."""
    net = copy.deepcopy(net).cpu().eval()
    set_integer(net, True)
    freeze(net)
    for name, parameter in net.named_parameters():
        parameter.requires_grad_(False)
        if name.startswith(("analysis", "synthesis")) and set(name.split(".")) & set(_SMALL):
            _to_small(parameter)
    c = net.config
    mix = torch.zeros(1, c.anchors)
    y, one = torch.zeros(1, c.latents, 8, 8), torch.zeros(1, 1, 8, 8)
    known = (y, y[:, : c.signed], torch.zeros(1, 2, 8, 8), torch.zeros(1, BANDS, 8, 8), mix)
    return {
        "analysis": export_graph(net.analysis, (torch.zeros(1, 3, 64, 64), mix), ("x", "mix"), ("latents",)),
        "importance": export_graph(net.importance, (y, mix), ("latents", "mix"), ("dropped",)),
        "estimate": export_graph(net.estimate, (y, one, mix), ("values", "dropped", "mix"), ("index",)),
        "context": export_graph(net.context, known, ("levels", "signed", "hints", "band", "mix"), ("logit", "sign")),
        "synthesis": export_graph(net.synthesis, (y, mix), ("values", "mix"), ("pixels",)),
    }


def _to_small(weight: torch.nn.Parameter) -> None:
    """Round a layer's weights to what 8 bits and a power of two for each output hold: 0.01 dB of a picture."""
    if weight.dim() == 4:
        largest = weight.data.abs().amax(dim=(1, 2, 3), keepdim=True).clamp_min(2.0**-14)
        scale = 2.0 ** torch.floor(torch.log2(WEIGHT_LIMIT / largest))
        weight.data = torch.round(weight.data * scale) / scale
