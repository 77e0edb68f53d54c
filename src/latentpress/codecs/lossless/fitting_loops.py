"""The fitting of linear predictors as compiled loops: sums over the past, linear systems of them and their solutions.

Sums that are free in their order are of whole numbers that floats hold exactly.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.machine_code import Floats, machine_code, machine_code_any_order

__all__ = ["eliminate", "resolve", "take_in"]


@machine_code_any_order
def window_sums(waves: NDArray[np.float32], first: int, out: NDArray[np.float32]) -> None:
    """Sums of products of the features in waves (waves, n + 1, bands, rows, lanes), for each lane of the bands from
    ``first`` on: (n, n + 1, bands, lanes), below 2^24.
    """
    every, wide, _, rows, _ = waves.shape
    n, _, bands, lanes = out.shape
    length = every * rows
    samples = np.empty((wide, length), np.float32)
    for b in range(bands):
        for lane in range(lanes):
            for w in range(every):
                for f in range(wide):
                    for r in range(rows):
                        samples[f, w * rows + r] = waves[w, f, first + b, r, lane]
            for i in range(n):
                for j in range(i, wide):
                    total = np.float32(0)
                    for s in range(length):
                        total += samples[i, s] * samples[j, s]
                    out[i, j, b, lane] = total
    for i in range(n):
        for j in range(i):
            out[i, j] = out[j, i]


@machine_code_any_order
def fade(recent: Floats, older: Floats, share: float, older_share: float) -> None:
    """Let the recent past fade into the older one; all sums are of whole numbers."""
    for i in range(recent.shape[0]):
        for j in range(recent.shape[1]):
            some = recent[i, j].reshape(-1)
            total = 0.0
            for g in range(some.size):
                faded = np.floor(some[g] * share)
                total += faded
                some[g] -= faded
            older[i, j] += total - np.floor(older[i, j] * older_share)


@machine_code_any_order
def take_in(
    waves: NDArray[np.float32], first: int, new: NDArray[np.float32], recent: Floats, older: Floats,
    share: float, older_share: float,
) -> None:  # fmt: skip
    """Add what `window_sums` gives of waves to the recent past, after that has faded."""
    window_sums(waves, first, new)
    fade(recent, older, share, older_share)
    bands = new.shape[2]
    for i in range(new.shape[0]):
        for j in range(new.shape[1]):
            for b in range(bands):
                for lane in range(new.shape[3]):
                    recent[i, j, first + b, lane] += new[i, j, b, lane]


@machine_code_any_order
def assemble(recent: Floats, older: Floats, shares: tuple[float, float, float], first: int, systems: Floats) -> None:
    """The normal equations of each lane of the bands from ``first`` on, and last those of the whole tile. shares: of
    the recent past of all bands, of the older past, and of the bands beside. Sums of multiples of 1/4096.
    """
    everywhere, past, beside = shares
    lanes = recent.shape[3]
    start, size = first * lanes, systems.shape[2] - 1
    for i in range(recent.shape[0]):
        for j in range(recent.shape[1]):
            some, out = recent[i, j].reshape(-1), systems[i, j]
            total = 0.0
            for g in range(some.size):
                total += some[g]
            common = total * everywhere + older[i, j] * past
            for g in range(size):
                out[g] = some[start + g] + common
            for g in range(max(lanes - start, 0), size):
                out[g] += some[start + g - lanes] * beside
            for g in range(min(size, some.size - lanes - start)):
                out[g] += some[start + g + lanes] * beside
            out[size] = total + older[i, j]


@machine_code
def eliminate(systems: Floats) -> None:
    """Gauss elimination of all systems, in place; solutions are left in the last column."""
    n, size = systems.shape[0], systems.shape[2]
    for k in range(n):
        for g in range(size):
            systems[k, k, g] = max(systems[k, k, g], 1e-9)
        for j in range(k + 1, n + 1):
            for g in range(size):
                systems[k, j, g] /= systems[k, k, g]
        for i in range(k + 1, n):
            for j in range(k + 1, n + 1):
                for g in range(size):
                    systems[i, j, g] -= systems[i, k, g] * systems[k, j, g]
    for k in range(n - 1, 0, -1):
        for i in range(k):
            for g in range(size):
                systems[i, n, g] -= systems[i, k, g] * systems[k, n, g]


@machine_code
def resolve(
    recent: Floats,
    older: Floats,
    shares: tuple[float, float, float],
    first: int,
    ridge: float,
    fraction: float,
    largest: float,
    systems: Floats,
    shared: Floats,
    weights: Floats,
) -> None:
    """Weights (n, bands, rows, lanes) of the bands from ``first`` on and those that all share, fitted anew."""
    assemble(recent, older, shares, first, systems)
    n, lanes, size = systems.shape[0], recent.shape[3], systems.shape[2]
    for i in range(n):
        for g in range(size):
            systems[i, i, g] += ridge
    eliminate(systems)
    for i in range(n):
        found = systems[i, n]
        for g in range(size):
            found[g] = min(max(np.floor(found[g] * fraction + 0.5), -largest), largest)
        shared[i] = found[size - 1]
        for b in range((size - 1) // lanes):
            for r in range(weights.shape[2]):
                for lane in range(lanes):
                    weights[i, first + b, r, lane] = found[b * lanes + lane]
