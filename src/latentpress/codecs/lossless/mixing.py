"""Logistic mixing: the distribution of a residual from its table and from what was coded in other contexts.

A residual is a chain of decisions: zero or not, its sign, then whether its magnitude is 1, 2 and so on up to 15. The
table that a codec would use alone gives a logit for each, and so does a count of the residuals that were coded in every
other context; their weighted sum is the logit that is used. Weights follow the gradient of the code length (Mahoney
2005, PAQ: context mixing), a set for each kind of place. All numbers are whole, or quotients and products that are
rounded once, so both sides find the same distribution on every machine.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.lossless.alphabet import DIRECT, Alphabet
from latentpress.codecs.lossless.fast import loops
from latentpress.codecs.lossless.logistic import ONE, log2_steps, logarithms, probabilities, probability

__all__ = ["Mixer", "Places"]

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]

_BINS = 2 * DIRECT + 1  # residuals -16 and below, -15 .. 15, 16 and above
_SIDE = DIRECT - 1
_DECISIONS = 2 + 2 * _SIDE

_COUNT = 32.0  # what a residual adds to the count of a context
_LIMIT = 500 * _COUNT  # a context whose sum passes this is halved,
_CHECK = 16  # looked for after so many waves
_CAUTION = 4 * _COUNT  # residuals spread like the table's that every context begins with
_WHOLE = 65536.0  # a weight of 1
_FIRST = 5120.0  # weight of each context at the start
_RATE = 1 / 2048  # of learning; steps are shared by the places of a wave,
_FEW = 16.0  # but those of so few are taken in full
_UNIT = 2.0**32  # a probability of 1 in the rows that are given


@dataclass(frozen=True)
class Places:
    """Where a wave is coded: contexts (J, N), each below its size; sets (N,): which weights are used."""

    contexts: Integers
    sets: Integers


class Mixer:
    """Mixes the distributions of a plane's residuals. sizes: of the contexts; sets: of weights."""

    def __init__(self, sizes: Sequence[int], sets: int, alphabet: Alphabet) -> None:
        self._first = np.concatenate([[0], np.cumsum(sizes)[:-1]])[:, None]
        self._counts = np.zeros((int(np.sum(sizes)), _BINS))
        self._weights = np.full((len(sizes) + 1, sets, _DECISIONS), _FIRST)
        self._weights[0] = _WHOLE
        self._zero = alphabet.zero
        self._waves = 0

    def rows(self, rows: Floats, places: Places) -> Floats:
        """Probabilities (N, symbols), but for a factor, of what a table says, ``rows`` (N, symbols), and contexts."""
        zero, n = self._zero, rows.shape[0]
        if (fast := loops()) is not None:
            logits, found = np.empty((len(self._first) + 1, n, _DECISIONS)), np.empty((n, _DECISIONS))
            mixed = np.empty_like(rows)
            fast.mix(
                rows, self._counts, places.contexts, self._first, self._weights, places.sets,
                (zero, _SIDE, _CAUTION, _WHOLE, ONE, _UNIT), logarithms(), probabilities(), logits, found, mixed,
            )  # fmt: skip
            self._seen = places, logits, found
            return mixed
        below, above = rows[:, : zero - _SIDE], rows[:, zero + DIRECT :]
        bins = np.empty((n, _BINS))
        bins[:, 0], bins[:, 1:-1], bins[:, -1] = below.sum(1), rows[:, zero - _SIDE : zero + DIRECT], above.sum(1)
        yes, no = _decisions(bins)
        share = yes / (yes + no)
        counts = self._counts[places.contexts + self._first]
        often, seldom = _decisions(counts)
        logits = np.empty((len(counts) + 1, n, _DECISIONS))
        logits[0] = log2_steps(yes) - log2_steps(no)
        often += _CAUTION * share
        seldom += _CAUTION * (1.0 - share)
        np.subtract(log2_steps(often), log2_steps(seldom), out=logits[1:])
        logits[1:] -= logits[0]
        # whole numbers below 2^53 in every partial sum: any order gives the same
        found = probability(np.floor((self._weights[:, places.sets] * logits).sum(axis=0) * (1 / _WHOLE)))
        self._seen = places, logits, found
        return _joined(found * (1 / ONE), rows, zero, bins[:, 0], bins[:, -1])

    def learn(self, symbols: NDArray[np.int32]) -> None:
        """Take in what the wave of the last `rows` was coded as."""
        places, logits, found = self._seen
        residual = np.minimum(np.maximum(symbols.astype(np.int64) - self._zero, -DIRECT), DIRECT)
        if (fast := loops()) is not None:
            fast.learn_mixed(
                self._counts, places.contexts, self._first, self._weights, places.sets, residual, _OUTCOMES,
                (_SIDE, _COUNT, ONE, _RATE, _FEW), logits, found,
            )  # fmt: skip
        else:
            self._learn(residual)
        self._waves += 1
        if self._waves % _CHECK == 0:
            full = np.flatnonzero(self._counts.sum(axis=1) > _LIMIT)
            self._counts[full] = np.floor(self._counts[full] * 0.5)

    def _learn(self, residual: Integers) -> None:
        """Counts and weights after residuals -16 .. 16."""
        places, logits, found = self._seen
        right, met = _OUTCOMES[:, residual + DIRECT]
        wrong = met * (right * ONE - found)
        order = np.argsort(places.sets, kind="stable")
        sets = places.sets[order]
        begins = np.flatnonzero(np.diff(sets, prepend=-1))
        slope = np.add.reduceat((logits * wrong)[:, order], begins, axis=1)
        count = np.add.reduceat(met[order], begins, axis=0)
        self._weights[:, sets[begins]] += np.floor(slope * _RATE / (count + _FEW) + 0.5)
        np.add.at(self._counts, (places.contexts + self._first, residual + DIRECT), _COUNT)


def _decisions(bins: Floats) -> tuple[Floats, Floats]:
    """Counts (..., bins) as counts for and against each decision (..., decisions): zero, positive, then the magnitudes
    of positive residuals and those of negative ones.
    """
    right, left = bins[..., DIRECT + 1 :], bins[..., DIRECT - 1 :: -1]
    sides = np.stack([right, left], axis=-2)
    left_over = np.cumsum(sides[..., ::-1], axis=-1)[..., ::-1]
    shape = (*bins.shape[:-1], 2 * _SIDE)
    total = left_over[..., 0]
    zero = bins[..., DIRECT, None]
    yes = np.concatenate([zero, total[..., :1], sides[..., :_SIDE].reshape(shape)], axis=-1)
    no = np.concatenate([total.sum(-1, keepdims=True), total[..., 1:], left_over[..., 1:].reshape(shape)], axis=-1)
    return yes, no


def _joined(chances: Floats, rows: Floats, zero: int, below: Floats, above: Floats) -> Floats:
    """Probabilities of symbols from those of the decisions; large residuals share theirs as in ``rows``."""
    out = np.empty_like(rows)
    out[:, zero] = chances[:, 0]
    other = 1.0 - chances[:, 0]
    sides = np.stack([other * chances[:, 1], other * (1.0 - chances[:, 1])], axis=1)
    each = chances[:, 2:].reshape(-1, 2, _SIDE)
    left_over = np.multiply.accumulate(np.concatenate([sides[..., None], 1.0 - each], axis=-1), axis=-1)
    direct = left_over[..., :-1] * each
    out[:, zero + 1 : zero + DIRECT] = direct[:, 0]
    out[:, zero - 1 : zero - DIRECT : -1] = direct[:, 1]
    out[:, zero + DIRECT :] = rows[:, zero + DIRECT :] * (left_over[:, 0, -1] / above)[:, None]
    out[:, : zero - _SIDE] = rows[:, : zero - _SIDE] * (left_over[:, 1, -1] / below)[:, None]
    out *= _UNIT
    np.floor(out, out=out)
    out += 1.0
    return out


def _outcomes() -> NDArray[np.float64]:
    """Of each residual -16 .. 16: whether decisions come out true, and whether they are met, (2, bins, decisions)."""
    right, met = np.zeros((2, _BINS, _DECISIONS))
    met[:, 0] = 1
    right[DIRECT, 0] = 1
    for residual in range(-DIRECT, DIRECT + 1):
        if residual:
            place, size = residual + DIRECT, abs(residual)
            first = 2 if residual > 0 else 2 + _SIDE
            met[place, 1], right[place, 1] = 1, residual > 0
            met[place, first : first + min(size, _SIDE)] = 1
            if size <= _SIDE:
                right[place, first + size - 1] = 1
    return np.stack([right, met])


_OUTCOMES = _outcomes()
