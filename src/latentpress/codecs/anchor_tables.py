"""Probability tables for each anchor of the rate, one a channel: as arrays of a package, and back."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy import TOTAL, ProbabilityTables, quantise_pmf

__all__ = ["pack_tables", "tables_by_anchor"]


def tables_by_anchor(counts: NDArray[Any], radius: NDArray[Any]) -> list[ProbabilityTables]:
    """The tables of each anchor. ``radius``: (anchors, tables); ``counts``: of all tables one after another.

    Raises ValueError or InvalidInputError for arrays that do not fit.
    """
    ends = np.cumsum(np.where(radius == 0, 1, 2 * radius.astype(np.int64) + 2).sum(axis=1))
    return [ProbabilityTables(*both) for both in zip(np.split(counts, ends[:-1]), radius, strict=True)]


def pack_tables(weights: NDArray[np.float64]) -> dict[str, NDArray[Any]]:
    """``counts`` and ``radius`` of tables of weights (tables, 2 limit + 1) of the whole numbers from -limit on. What is
    less likely than half a count goes into the escape at the ends; a table of zeros codes nothing.
    """
    limit = weights.shape[1] // 2
    radius, counts = [], []
    for row in weights:
        if not row.any():
            radius.append(0)
            counts.append(np.array([TOTAL]))
            continue
        pmf = row / row.sum()
        reach = max(1, int(np.abs(np.flatnonzero(pmf > 0.5 / TOTAL) - limit).max()))
        inside = pmf[limit - reach : limit + reach + 1]
        radius.append(reach)
        counts.append(quantise_pmf(np.append(inside, max(1 - inside.sum(), 1e-9))))
    return {"counts": np.concatenate(counts).astype(np.uint32), "radius": np.array(radius, np.uint16)}
