"""The 324 features of Chen, Shi and Su 2008: how differences of neighbouring JPEG coefficients follow one another."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["FEATURES", "THRESHOLD", "transitions"]

THRESHOLD = 4
"""Differences are cut to -4..4."""

_STATES = 2 * THRESHOLD + 1
_DIRECTIONS = ((0, 1), (1, 0), (1, 1), (1, -1))  # (rows, columns): across, down, and along both diagonals

FEATURES = len(_DIRECTIONS) * _STATES**2


def transitions(levels: NDArray[np.integer[Any]]) -> NDArray[np.float32]:
    """(324,) features of quantised coefficients (rows, columns, 8, 8), vertical frequency first.

    The absolute coefficients lie side by side as in the picture. In each of four directions an array of differences of
    neighbours, cut to -4..4, is taken for a Markov chain along that direction; its 9x9 transition probabilities are the
    features. A picture of at least 3x3 blocks is meant; a state that does not occur has a row of zeros.
    """
    rows, columns = levels.shape[:2]
    plane = np.minimum(np.abs(levels.astype(np.int32)), 2 * 255).astype(np.int16)
    plane = plane.swapaxes(1, 2).reshape(8 * rows, 8 * columns)
    return np.concatenate([_chain(plane, *direction) for direction in _DIRECTIONS])


def _chain(plane: NDArray[np.int16], down: int, across: int) -> NDArray[np.float32]:
    """Transition probabilities of the differences along (down, across), which may go to the left."""
    if across < 0:
        plane, across = plane[:, ::-1], -across
    here, there = (slice(None, -down or None), slice(None, -across or None)), (slice(down, None), slice(across, None))
    states = np.clip(plane[here] - plane[there], -THRESHOLD, THRESHOLD) + THRESHOLD
    pairs = np.bincount((_STATES * states[here] + states[there]).ravel(), minlength=_STATES**2)
    counts = pairs.reshape(_STATES, _STATES).astype(np.float64)
    chances: NDArray[np.float32] = (counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)).astype(np.float32)
    return chances.ravel()
