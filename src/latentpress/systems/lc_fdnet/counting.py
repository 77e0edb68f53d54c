"""Starting tables of lc-fdnet, counted over pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.colours import Colours, plane_ranges, planes_of
from latentpress.codecs.lossless.stream import ResidualCounter
from latentpress.systems.lc_fdnet.coder import first_lanes
from latentpress.systems.lc_fdnet.model import TrainedSteps
from latentpress.systems.lc_fdnet.subimages import Grid
from latentpress.systems.lc_fdnet.walk import StepWalk, true_values
from latentpress.training.data import Pictures
from latentpress.training.lossless.counting import starting_counts, symbol_counts

__all__ = ["measured_counts"]


def measured_counts(model: TrainedSteps, sample: Pictures) -> dict[str, NDArray[Any]]:
    """Counts that tables start with: of the first sub-image (``counts_0`` ..), and of the steps after it."""
    small = [np.ascontiguousarray(picture[::2, ::2]) for picture in sample]
    first = starting_counts(lambda x: symbol_counts(model.first, x, _lanes(x)), small)
    steps = starting_counts(lambda x: _step_counts(model, x), sample)
    return {f"counts_{p}": counts for p, counts in enumerate(first)} | {
        f"step_counts_{p}": counts for p, counts in enumerate(steps)
    }


def _lanes(small: NDArray[np.uint8]) -> Any:
    return first_lanes(Grid(2 * small.shape[0], 2 * small.shape[1]))


def _step_counts(model: TrainedSteps, picture: NDArray[np.uint8]) -> list[NDArray[np.float64]]:
    """How often each symbol was coded with each table, over a picture: (tables, largest alphabet) of each plane."""
    planes = planes_of(Colours.YUV, picture)
    first = [plane[::2, ::2] for plane in planes]
    counter, grid = ResidualCounter(len(planes)), Grid(*picture.shape[:2])
    StepWalk(counter, true_values(planes), grid, plane_ranges(Colours.YUV, 8), model, 8, first).run()
    return counter.counts
