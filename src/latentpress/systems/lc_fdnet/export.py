"""From a checkpoint of lc-fdnet's networks to a model package that the codec runs."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.atomic import atomic_folder
from latentpress.codecs.lossless.colours import Colours, plane_ranges
from latentpress.codecs.lossless.model import PlainModel, network_name
from latentpress.codecs.lossless.stream import ResidualCounter
from latentpress.models import find_model
from latentpress.models.package import TABLES
from latentpress.systems.lc_fdnet.coder import first_lanes, planes_of
from latentpress.systems.lc_fdnet.features import layout_of
from latentpress.systems.lc_fdnet.frequencies import HIGH_INPUTS
from latentpress.systems.lc_fdnet.model import STEPS, TrainedSteps, high_name, low_name, step_name
from latentpress.systems.lc_fdnet.net import LcFdnetNet
from latentpress.systems.lc_fdnet.recipe import LcFdnetRecipe
from latentpress.systems.lc_fdnet.samples import typical_starts
from latentpress.systems.lc_fdnet.subimages import Grid
from latentpress.systems.lc_fdnet.walk import StepWalk, true_values
from latentpress.training.checkpoint import Checkpoint, load_checkpoint
from latentpress.training.data import Pictures, load_pictures
from latentpress.training.lossless.export import starting_counts, symbol_counts
from latentpress.training.lossless.graphs import LIMIT, export_plane, prove_exact
from latentpress.training.packages import new_card, npz, store

__all__ = ["export_package"]

PLANES = 3
_FIRST = "mlp-lossless"
_START_PICTURES = 5


def export_package(
    checkpoint: str | Path,
    destination: str | Path,
    *,
    name: str,
    data: str | Path | Sequence[str | Path],
    pictures: int = 24,
    report: Callable[[str], None] | None = None,
) -> Path:
    """Write the model package of a checkpoint to the folder ``destination`` and return it; arguments and errors as
    `latentpress.training.lossless.export.export_package`.

    The networks for sub-image a are those of the installed default model of mlp-lossless; their probability tables
    start from counts on sub-images.
    """
    say = report or (lambda _: None)
    with atomic_folder(destination) as folder:
        state = load_checkpoint(checkpoint, LcFdnetRecipe.from_dict)
        everything = load_pictures(data, 64)
        sample = everything[:: -(-len(everything) // pictures)]
        _fill(folder, state, name, sample, say)
    return Path(destination)


def _fill(folder: Path, state: Checkpoint, name: str, sample: Pictures, say: Callable[[str], None]) -> None:
    net = LcFdnetNet(state.recipe.model, [layout_of(*step).inputs for step in STEPS], HIGH_INPUTS)
    net.load_state_dict(state.average)
    first = find_model(_FIRST)
    files = {f"{network_name(p)}.onnx": first.network(network_name(p)) for p in range(PLANES)}
    arrays: dict[str, NDArray[Any]] = {}
    for p in range(PLANES):
        arrays[f"start_{p}"], arrays[f"counts_{p}"] = first.tables[f"start_{p}"], first.tables[f"counts_{p}"]
        arrays[f"step_counts_{p}"] = PlainModel().counts(p).astype(np.uint16)
    bounds: dict[str, int] = {}
    starts = typical_starts(sample[:: -(-len(sample) // _START_PICTURES)])
    for step, part in zip(STEPS, net.each(), strict=True):
        for title, network in ((low_name(*step), part.low), (high_name(*step), part.high)):
            bounds |= {f"{title}, {key}": bound for key, bound in prove_exact(network).items()}
            files[f"{title}.onnx"] = export_plane(network)
        arrays[f"start_{step_name(*step)}"] = starts[step].astype(np.float64)
        arrays[f"threshold_{step_name(*step)}"] = np.array(part.threshold.whole_weights(), np.float64)
    card = new_card(state, name, asdict(state.recipe.model))
    card["training"] |= {"first_sub_image": f"networks of {first.name}", "table_pictures": len(sample)}
    card["exactness"] = {"limit": LIMIT, "largest_partial_sums": bounds}
    package = store(folder, card, files | {TABLES: npz(arrays)})
    say(f"probability tables: {len(sample)} pictures")
    model = TrainedSteps(package)
    small = [np.ascontiguousarray(picture[::2, ::2]) for picture in sample]
    for p, counts in enumerate(starting_counts(lambda x: symbol_counts(model.first, x, _lanes(x)), small)):
        arrays[f"counts_{p}"] = counts
    for p, counts in enumerate(starting_counts(lambda x: _step_counts(model, x), sample)):
        arrays[f"step_counts_{p}"] = counts
    package = store(folder, card, files | {TABLES: npz(arrays)})
    sizes = [p.numel() for p in net.parameters() if p.dim() > 1]
    card["complexity"] = {
        "kmac_per_pixel": round(sum(sizes) / 4000, 3),
        "parameters": sum(p.numel() for p in net.parameters()),
        "package_bytes": sum(map(len, package.files.values())),
    }
    package = store(folder, card, package.files)
    say(f"model {package.name}, id {package.id.hex()}: {card['complexity']}")


def _lanes(small: NDArray[np.uint8]) -> Any:
    return first_lanes(Grid(2 * small.shape[0], 2 * small.shape[1]))


def _step_counts(model: TrainedSteps, picture: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """How often each symbol was coded with each table, over a picture: (tables, largest alphabet) of each plane."""
    planes = planes_of(picture)
    first = [plane[::2, ::2] for plane in planes]
    counter, grid = ResidualCounter(PLANES), Grid(*picture.shape[:2])
    StepWalk(counter, true_values(planes), grid, plane_ranges(Colours.YUV, 8), model, 8, first).run()
    return counter.counts
