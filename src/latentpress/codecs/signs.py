"""Coding of binary codes: -1 and 1, each the sign of what is left of a coefficient, with chances that adapt.

A layer has so many codes for each place, each of a channel and with a step. What a channel is known to be so far, at a
place and at its four neighbours, is the context of its next code. Everything is whole numbers that both sides know.
Places that a layer leaves out (`Places`) have codes of 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Self

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.adapting import AdaptiveBits
from latentpress.codecs.embedded import around
from latentpress.codecs.places import Places
from latentpress.codecs.ports import Port

__all__ = ["SignCoder", "SignPlan", "turns_of"]

Whole = NDArray[np.int32]

_STEP = 0.7  # of a standard deviation: what a sign says of a coefficient with long tails
_LEFT = 0.75  # of the standard deviation, once the sign is known
_LARGEST = 2048  # steps are whole in float16
_LEAN = np.array([-12, -5, -1, 2, 6, 13], np.int32)  # edges of classes, in quarters of a step: neighbours less own
_OWN = np.array([-9, -3, 4, 10], np.int32)  # the same: what is known so far
_LEVEL = np.array([4, 10], np.int32)  # the same: the neighbours' mean magnitude
_KINDS = np.array([1, 3, 12], np.int32)  # first channels of kinds: the mean, the colours' means, low, high
_SIZES = (_LEAN.size + 1) * (_OWN.size + 1) * (_LEVEL.size + 1)


@dataclass(frozen=True)
class SignPlan:
    """channel, steps (layers, codes): of which channel a code is, and what it is worth, at least 1. turn, the same: how
    many codes of its layer and channel come before it, less than `turns`. spread (layers, channels): what a channel's
    next step would be, before a layer.
    """

    channel: Whole
    steps: Whole
    turn: Whole
    spread: NDArray[np.float64]

    turns: ClassVar[int] = 4

    @classmethod
    def of(cls, layers: int, codes: int, deviations: NDArray[np.floating]) -> Self:
        """For channels of these standard deviations: each code to the channel of which most is left."""
        left = np.array(deviations, np.float64)
        rows: list[list[tuple[int, int]]] = []
        spread = []
        for _ in range(layers):
            spread.append(np.clip(_STEP * left, 1, _LARGEST))
            taken = np.zeros(left.size, np.int32)
            row = []
            for _ in range(codes):
                one = int(np.argmax(np.where(taken < cls.turns, left, -1)))
                row.append((one, int(np.clip(np.rint(_STEP * left[one]), 1, _LARGEST))))
                taken[one] += 1
                left[one] *= _LEFT
            rows.append(row)
        channel, steps = np.array(rows, np.int32).transpose(2, 0, 1)
        return cls(channel, steps, turns_of(channel), np.array(spread))


def turns_of(channel: Whole) -> Whole:
    """How many codes of its layer and channel come before each code; (layers, codes), as ``channel``.

    Raises ValueError for more than a layer may have.
    """
    same = np.tril(channel[:, :, None] == channel[:, None, :], -1)
    turn: Whole = same.sum(axis=2).astype(np.int32)
    if turn.max() >= SignPlan.turns:
        raise ValueError("a channel has too many codes in a layer")
    return turn


class SignCoder:
    """Codes layer after layer of a tile of ``shape`` (h, w), each code in the contexts of those before it.

    channel, steps, turn (layers, codes): see `SignPlan`. known (channels, h, w): the sums of steps so far.
    """

    def __init__(self, channel: Whole, steps: Whole, turn: Whole, shape: tuple[int, int]) -> None:
        self._channel, self._steps, self._turn = channel, steps, turn
        self.known = np.zeros((int(channel.max()) + 1, *shape), np.int32)
        self._chances = self.chances()
        self._places = Places(shape)
        self._odd = np.indices(shape).sum(axis=0) % 2

    def chances(self) -> AdaptiveBits:
        """Of the codes in their contexts."""
        kinds = _KINDS.size + 1
        return AdaptiveBits("signs", kinds * _SIZES, alike=kinds)

    def layer(self, port: Port, number: int, wanted: NDArray[np.int32] | None) -> Whole:
        """Code the values (codes, h, w) of a layer: -1 and 1, at each place either all of them or none."""
        there = self._places.layer(port, None if wanted is None else (wanted != 0).any(axis=0))
        values: Whole = np.zeros((self._channel.shape[1], *there.shape), np.int32)
        for turn, phase in np.ndindex(SignPlan.turns, 2):
            codes = np.flatnonzero(self._turn[number] == turn)
            where = np.broadcast_to(there & (self._odd == phase), (codes.size, *there.shape))
            if not where.any():
                continue
            context = self.contexts(number, codes, values)[where]
            bits = self._chances.code(port, None if wanted is None else wanted[codes][where] > 0, context)
            coded = np.zeros(where.shape, np.int32)
            coded[where] = 2 * bits.astype(np.int32) - 1
            values[codes] += coded
            self.known[self._channel[number, codes]] += self._steps[number, codes, None, None] * coded
        return values

    def seen(self, number: int, codes: NDArray[np.integer]) -> tuple[Whole, Whole, Whole]:
        """What is known of the channels of codes, in quarters of their steps (n, h, w): how far the neighbours' mean
        lies above it, what it is so far, and the mean of the neighbours' magnitudes.
        """
        known, step = self.known[self._channel[number, codes]], self._steps[number, codes, None, None]
        beside = self._beside
        lean: Whole = 4 * (around(known) - beside * known) // (step * beside)
        return lean, 4 * known // step, 4 * around(np.abs(known)) // (step * beside)

    def contexts(self, number: int, codes: NDArray[np.integer], values: Whole) -> Whole:
        """Of codes (n,) of a layer, at each place (n, h, w). values (codes, h, w): of the layer, as far as coded."""
        lean, own, level = self.seen(number, codes)
        kind = np.searchsorted(_KINDS, self._channel[number, codes], side="right")[:, None, None]
        context: Whole = kind * (_LEAN.size + 1) + np.searchsorted(_LEAN, lean, side="right")
        context = context * (_OWN.size + 1) + np.searchsorted(_OWN, own, side="right")
        return context * (_LEVEL.size + 1) + np.searchsorted(_LEVEL, level, side="right")

    @property
    def _beside(self) -> Whole:
        """How many neighbours each place has, at least 1."""
        count: Whole = np.maximum(around(np.ones(self._odd.shape, np.int32)), 1)
        return count
