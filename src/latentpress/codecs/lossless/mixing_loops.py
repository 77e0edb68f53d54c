"""Logistic mixing as loops over pixels, compiled by numba; to the same bits as `latentpress.codecs.lossless.mixing`."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.machine_code import Floats, Integers, machine_code

__all__ = ["learn_mixed", "mix"]


@machine_code
def _decide(bins: Floats, side: int, yes: Floats, no: Floats) -> None:
    """Counts for and against each decision, of the counts of residuals."""
    middle = side + 1
    right = left = 0.0
    right += bins[2 * middle]
    left += bins[0]
    for i in range(side - 1, -1, -1):
        no[2 + i], no[2 + side + i] = right, left
        yes[2 + i], yes[2 + side + i] = bins[middle + 1 + i], bins[middle - 1 - i]
        right += yes[2 + i]
        left += yes[2 + side + i]
    yes[0], no[0] = bins[middle], right + left
    yes[1], no[1] = right, left


@machine_code
def mix(
    rows: Floats,
    counts: Floats,
    contexts: NDArray[Any],
    first: Integers,
    weights: Floats,
    sets: NDArray[Any],
    numbers: tuple[int, int, float, float, float, float],
    logs: Floats,
    chances: Floats,
    logits: Floats,
    found: Floats,
    out: Floats,
) -> None:
    """Distributions ``out`` (N, symbols) of what a table says, ``rows``, and of contexts; keeps the logits (J + 1, N,
    decisions) and the chances ``found`` (N, decisions) for what is learned from them. numbers: symbol of zero, largest
    magnitude with a decision, caution, a weight of 1, a probability of 1 in chances and in ``out``.
    """
    zero, side, caution, whole, one, unit = numbers
    decisions = found.shape[1]
    largest = (chances.size - 1) // 2
    bins, share = np.empty(2 * side + 3), np.empty(decisions)
    both = np.empty((2, decisions))
    yes, no = both[0], both[1]
    bits = both.view(np.int64)
    for j in range(rows.shape[0]):
        below = above = 0.0
        for k in range(zero - side):
            below += rows[j, k]
        for k in range(zero + side + 1, rows.shape[1]):
            above += rows[j, k]
        bins[0], bins[2 * side + 2] = below, above
        for k in range(2 * side + 1):
            bins[1 + k] = rows[j, zero - side + k]
        _decide(bins, side, yes, no)
        kind = sets[j]
        for d in range(decisions):
            share[d] = yes[d] / (yes[d] + no[d])
            a, b = bits[0, d], bits[1, d]
            logit = logs[(a >> 40) & 4095] - logs[(b >> 40) & 4095] + ((a >> 52) - (b >> 52)) * 256.0
            logits[0, j, d] = logit
            found[j, d] = weights[0, kind, d] * logit
        for i in range(contexts.shape[0]):
            _decide(counts[contexts[i, j] + first[i, 0]], side, yes, no)
            for d in range(decisions):
                yes[d] += caution * share[d]
                no[d] += caution * (1.0 - share[d])
                a, b = bits[0, d], bits[1, d]
                logit = logs[(a >> 40) & 4095] - logs[(b >> 40) & 4095] + ((a >> 52) - (b >> 52)) * 256.0
                logit -= logits[0, j, d]
                logits[i + 1, j, d] = logit
                found[j, d] += weights[i + 1, kind, d] * logit
        for d in range(decisions):
            place = min(max(np.floor(found[j, d] * (1 / whole)), -largest), largest)
            found[j, d] = chances[int(place) + largest]
        out[j, zero] = np.floor(found[j, 0] * (1 / one) * unit) + 1.0
        other, sign = 1.0 - found[j, 0] * (1 / one), found[j, 1] * (1 / one)
        right, left = other * sign, other * (1.0 - sign)
        for k in range(side):
            chance = found[j, 2 + k] * (1 / one)
            out[j, zero + 1 + k] = np.floor(right * chance * unit) + 1.0
            right *= 1.0 - chance
            chance = found[j, 2 + side + k] * (1 / one)
            out[j, zero - 1 - k] = np.floor(left * chance * unit) + 1.0
            left *= 1.0 - chance
        right /= above
        left /= below
        for k in range(zero + side + 1, rows.shape[1]):
            out[j, k] = np.floor(rows[j, k] * right * unit) + 1.0
        for k in range(zero - side):
            out[j, k] = np.floor(rows[j, k] * left * unit) + 1.0


@machine_code
def learn_mixed(
    counts: Floats,
    contexts: NDArray[Any],
    first: Integers,
    weights: Floats,
    sets: NDArray[Any],
    residuals: Integers,
    outcomes: Floats,
    numbers: tuple[int, float, float, float, float],
    logits: Floats,
    found: Floats,
) -> None:
    """Counts and weights after a wave. numbers: largest magnitude with a decision, what a residual adds, a probability
    of 1, rate of learning, few places.
    """
    side, count, one, rate, few = numbers
    kinds, decisions = weights.shape[1], weights.shape[2]
    slope, seen = np.zeros((kinds, decisions, weights.shape[0])), np.zeros((kinds, decisions))
    for j in range(residuals.size):
        place, kind = residuals[j] + side + 1, sets[j]
        for i in range(contexts.shape[0]):
            counts[contexts[i, j] + first[i, 0], place] += count
        for d in range(decisions):
            if outcomes[1, place, d]:
                seen[kind, d] += 1.0
                wrong = outcomes[0, place, d] * one - found[j, d]
                for i in range(weights.shape[0]):
                    slope[kind, d, i] += logits[i, j, d] * wrong
    for kind in range(kinds):
        for d in range(decisions):
            if seen[kind, d]:
                for i in range(weights.shape[0]):
                    weights[i, kind, d] += np.floor(slope[kind, d, i] * rate / (seen[kind, d] + few) + 0.5)
