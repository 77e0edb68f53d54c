"""Codebooks (Linde, Buzo and Gray 1980): words split in two and move to the means of the vectors nearest to them."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["codebook", "nearest"]

Float = NDArray[np.float32]

_ROUNDS = 4  # between two splits
_LAST_ROUNDS = 12


def nearest(vectors: Float, words: Float, costs: Float | None = None) -> tuple[NDArray[np.intp], Float]:
    """For each vector (n, d) the word (k, d) at the least squared distance, plus ``costs`` (k,) if there are any, and
    how much that is less than the vector's own square.
    """
    gain: Float = 2 * vectors @ words.T - np.square(words).sum(axis=1)
    if costs is not None:
        gain -= costs
    best = gain.argmax(axis=1)
    return best, gain[np.arange(len(gain)), best]


def codebook(vectors: Float, count: int) -> Float:
    """``count`` (a power of two) words (count, d) for vectors (n, d), n >= 1."""
    words: Float = vectors.mean(axis=0, keepdims=True)
    spread = 0.05 * vectors.std(axis=0, keepdims=True) + np.float32(1e-3)
    while len(words) <= count:
        for _ in range(_LAST_ROUNDS if len(words) == count else _ROUNDS):
            best, _gain = nearest(vectors, words)
            sizes = np.bincount(best, minlength=len(words))
            order = np.argsort(best, kind="stable")
            starts = np.cumsum(sizes) - sizes
            used = np.flatnonzero(sizes)
            words[used] = np.add.reduceat(vectors[order], starts[used], axis=0) / sizes[used, None]
            idle = np.flatnonzero(sizes == 0)  # words of no vector move beside the most used
            words[idle] = words[np.argsort(-sizes)[: len(idle)]] + spread
        if len(words) == count:
            return words
        words = np.concatenate([words - spread, words + spread])
    raise ValueError(f"{count} is no power of two")
