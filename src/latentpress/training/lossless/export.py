"""From a checkpoint of the lossless networks to a model package that the codec runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.atomic import atomic_folder
from latentpress.codecs.lossless.alphabet import LARGEST_ALPHABET
from latentpress.codecs.lossless.colours import Colours, plane_ranges, plane_source
from latentpress.codecs.lossless.features import inputs_of
from latentpress.codecs.lossless.lanes import Lanes
from latentpress.codecs.lossless.model import Model, PlainModel, TrainedModel, network_name
from latentpress.codecs.lossless.stream import ResidualCounter
from latentpress.codecs.lossless.tables import TABLES as TABLE_COUNT
from latentpress.codecs.lossless.walk import Walk, lanes_of
from latentpress.models.package import TABLES
from latentpress.parts.lossless import LosslessNet
from latentpress.training.checkpoint import Checkpoint, load_checkpoint
from latentpress.training.data import Pictures, load_pictures
from latentpress.training.lossless.graphs import LIMIT, export_plane, prove_exact
from latentpress.training.lossless.recipe import LosslessRecipe
from latentpress.training.lossless.samples import typical_starts
from latentpress.training.packages import new_card, npz, store

__all__ = ["export_package", "starting_counts", "symbol_counts"]

Counts = list[NDArray[np.float64]]

PLANES = 3
_START_PICTURES = 5
_TABLE_SUM = 8192  # counts in a table's start, where a symbol counts 32


def export_package(
    checkpoint: str | Path,
    destination: str | Path,
    *,
    name: str,
    data: str | Path | Sequence[str | Path],
    pictures: int = 24,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Write the model package of a checkpoint to the folder ``destination`` and return it.

    ``name``: what the model is called. ``data``: folders of training pictures, of which ``pictures`` go into the
    starting probability tables. Raises InvalidInputError when the destination exists, when there are no pictures, and
    for networks that are not provably exact.
    """
    say = report or (lambda _: None)
    with atomic_folder(destination) as folder:
        state = load_checkpoint(checkpoint, LosslessRecipe.from_dict)
        everything = load_pictures(data, 64)
        sample = everything[:: -(-len(everything) // pictures)]
        _fill(folder, state, name, sample, say)
    return Path(destination)


def _fill(folder: Path, state: Checkpoint, name: str, sample: Pictures, say: Callable[[str], None]) -> None:
    net = LosslessNet(state.recipe.model, [inputs_of(p) for p in range(PLANES)])
    net.load_state_dict(state.average)
    bounds = {f"plane {p}, {key}": b for p in range(PLANES) for key, b in prove_exact(net.planes[p]).items()}  # type: ignore[arg-type]
    files = {f"{network_name(p)}.onnx": export_plane(net.planes[p]) for p in range(PLANES)}  # type: ignore[arg-type]
    starts = typical_starts(sample[:: -(-len(sample) // _START_PICTURES)])
    arrays: dict[str, NDArray[Any]] = {f"start_{p}": start.astype(np.float64) for p, start in enumerate(starts)}
    arrays |= {f"counts_{p}": PlainModel().counts(p).astype(np.uint16) for p in range(PLANES)}
    config = {"width": state.recipe.model.width, "depth": state.recipe.model.depth}
    card = new_card(state, name, config)
    card["training"]["table_pictures"] = len(sample)
    card["exactness"] = {"limit": LIMIT, "largest_partial_sums": bounds}
    package = store(folder, card, files | {TABLES: npz(arrays)})
    say(f"probability tables: {len(sample)} pictures")
    model = TrainedModel(package)
    for p, counts in enumerate(starting_counts(lambda picture: symbol_counts(model, picture), sample)):
        arrays[f"counts_{p}"] = counts
    package = store(folder, card, files | {TABLES: npz(arrays)})
    card["complexity"] = {
        "kmac_per_pixel": round(sum(p.numel() for p in net.parameters() if p.dim() > 1) / 1000, 3),
        "parameters": sum(p.numel() for p in net.parameters()),
        "package_bytes": sum(map(len, package.files.values())),
    }
    package = store(folder, card, package.files)
    say(f"model {package.name}, id {package.id.hex()}: {card['complexity']}")


def starting_counts(count: Callable[[NDArray[np.uint8]], Counts], sample: Pictures) -> list[NDArray[np.uint16]]:
    """Starting tables of each plane: the symbols of a sample of pictures, over a distribution of no knowledge. count:
    how often each symbol was coded with each table over a picture, (tables, largest alphabet) of each plane.
    """
    totals = [np.zeros((TABLE_COUNT, LARGEST_ALPHABET.size)) for _ in range(PLANES)]
    for picture in sample:
        for total, counts in zip(totals, count(picture), strict=True):
            total += counts
    prior = PlainModel().counts(0).astype(np.float64)
    prior /= prior.sum(axis=1, keepdims=True)
    out = []
    for total in totals:
        # a table that was hardly used stays near the prior
        mixed = total + 200.0 * prior
        mixed /= mixed.sum(axis=1, keepdims=True)
        out.append(np.maximum(1, np.rint(mixed * _TABLE_SUM)).astype(np.uint16))
    return out


def symbol_counts(model: Model, picture: NDArray[np.uint8], lanes: Lanes | None = None) -> Counts:
    """How often each symbol was coded with each table, over a picture. lanes: None for those of the codec."""
    lanes = lanes or lanes_of(*picture.shape[:2])
    source = plane_source(Colours.YUV, picture, lanes)
    counter = ResidualCounter(PLANES)
    Walk(counter, source, lanes, plane_ranges(Colours.YUV, 8), model, 8, 0).run()
    return counter.counts
