"""Real-valued probabilities to integer counts: done once, when a model is exported."""

from __future__ import annotations

import heapq

import numpy as np
from numpy.typing import NDArray

from latentpress.entropy.tables import TOTAL
from latentpress.errors import InvalidInputError

__all__ = ["quantise_pmf"]


def quantise_pmf(pmf: NDArray[np.float64], total: int = TOTAL) -> NDArray[np.uint32]:
    """Counts (uint32, each at least 1, sum `total`) with the least Kullback-Leibler divergence from `pmf`.

    `pmf` (1-D, non-negative, any positive sum; it is normalised) gives the result's shape. The divergence
    sum p log(p / c) is convex and separable in the counts, so single steps that each gain the most (or cost the least)
    end at the minimum over all allowed counts. Ties go to the lower position, which makes the result a function of
    `pmf`'s bits alone.

    Raises `InvalidInputError` for a pmf that is no distribution or has more entries than `total`.
    """
    p = np.asarray(pmf, dtype=np.float64)
    if p.ndim != 1 or p.size == 0 or not np.isfinite(p).all() or (p < 0).any() or p.sum() <= 0:
        raise InvalidInputError("a pmf must be a 1-D array of finite non-negative numbers with a positive sum")
    if p.size > total:
        raise InvalidInputError(f"{p.size} symbols do not fit into counts that sum to {total}")
    p = p / p.sum()
    counts = np.maximum(np.floor(p * total + 0.5), 1.0).astype(np.int64)
    _step(p, counts, total - int(counts.sum()))
    _settle(p, counts)
    return np.asarray(counts, dtype=np.uint32)


def _step(p: NDArray[np.float64], counts: NDArray[np.int64], missing: int) -> None:
    """Bring the sum right by unit steps, each the cheapest."""
    step = 1 if missing > 0 else -1
    heap = [(_cost(p[i], counts[i], step), i) for i in range(p.size) if counts[i] + step >= 1]
    heapq.heapify(heap)
    for _ in range(abs(missing)):
        _, i = heapq.heappop(heap)
        counts[i] += step
        if counts[i] + step >= 1:
            heapq.heappush(heap, (_cost(p[i], counts[i], step), i))


def _settle(p: NDArray[np.float64], counts: NDArray[np.int64]) -> None:
    """Move single counts from where they are worth least to where they are worth most, until no move gains."""
    while True:
        gain = p * np.log1p(1.0 / counts)
        loss = np.where(counts > 1, p * np.log1p(1.0 / np.maximum(counts - 1, 1)), np.inf)
        to, source = int(np.argmax(gain)), int(np.argmin(loss))
        # The margin keeps rounding errors from moving a count to and fro.
        if to == source or gain[to] <= loss[source] * (1.0 + 1e-9):
            return
        counts[to] += 1
        counts[source] -= 1


def _cost(p: float, count: int, step: int) -> float:
    """Change of the divergence when `count` moves by `step`."""
    return float(p * np.log(count / (count + step)))
