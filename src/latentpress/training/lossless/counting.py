"""Starting tables of a lossless codec, counted over pictures."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import LARGEST_ALPHABET
from latentpress.codecs.lossless.colours import Colours, plane_ranges, plane_source
from latentpress.codecs.lossless.lanes import Lanes
from latentpress.codecs.lossless.model import Model, PlainModel
from latentpress.codecs.lossless.stream import ResidualCounter
from latentpress.codecs.lossless.tables import TABLES as TABLE_COUNT
from latentpress.codecs.lossless.walk import Walk, lanes_of
from latentpress.training.data import Pictures

__all__ = ["starting_counts", "symbol_counts"]

Counts = list[NDArray[np.float64]]

PLANES = 3
_TABLE_SUM = 8192  # counts in a table's start, where a symbol counts 32


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
