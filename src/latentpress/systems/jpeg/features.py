"""What the networks see of a block and of a coefficient: whole numbers 0..127, most of them logarithms in 16ths."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from latentpress.systems.jpeg.field import DIAGONALS, Field, logarithms
from latentpress.systems.jpeg.grid import LEVELS, Level

__all__ = ["AC_INPUTS", "DC_INPUTS", "LAST_GROUP", "TOP_INPUTS", "Sight", "group_of"]

LAST_GROUP = 10
"""Diagonals from this one on share a network."""

_ON = 16
_COMMON = LEVELS + 2 + 11  # level, steps, block
AC_INPUTS = _COMMON + 32
DC_INPUTS = _COMMON + 19
TOP_INPUTS = _COMMON + 18

Bytes = NDArray[np.uint8]
Places = NDArray[np.int64]


def group_of(place: int) -> int:
    """The group of coefficients, 1 .. `LAST_GROUP`, that a place (8 v + u) belongs to; 0 for the DC."""
    return min(int(DIAGONALS[place]), LAST_GROUP)


class Sight:
    """What the blocks of a level see around them. guides: fields coded before this one that have something to say:
    luma for chroma, and for the second chroma the first.
    """

    def __init__(self, level: Level, field: Field, guides: Sequence[Field]) -> None:
        self._level, self._field = level, field
        self.count = level.blocks.size
        pairs = {direction: near for direction, near in zip(level.known, level.near, strict=True)}
        self._pairs = [[pairs[d] for d in group if d in pairs] for group in ((0, 1), (2, 3), (4, 5, 6, 7))]
        self._own = np.zeros((11, 11, self.count), np.uint8)  # magnitudes; one row before, two behind
        self._sum = np.zeros(self.count, np.int32)
        self._number = np.zeros(self.count, np.int32)
        self._seen = np.zeros(self.count, np.int16)  # the last diagonal coded in which something was found
        self.sizes = [self._mean(pair, field.sizes, 4, 4) for pair in self._pairs]
        self.around = [self._mean(pair, field.around, 1, 12) for pair in self._pairs]
        self._guides = [(guide, _beneath(level.blocks, field, guide)) for guide in guides]
        self.guided = [
            [self._mean(where, part, scale, unit) for part, scale, unit in ((g.sizes, 4, 4), (g.around, 1, 12))]
            for g, where in self._guides
        ]
        alike = len(guides) > 1 and (guides[1].rows, guides[1].columns) == (field.rows, field.columns)
        self._surprise = guides[1].surprise[level.blocks] if alike else None
        self._block = self._block_rows()

    def _mean(self, where: Sequence[Places], part: NDArray[np.integer[Any]], scale: int, unit: int) -> Bytes:
        """Logarithms (64, N) or (N,) of the mean over some neighbours."""
        if not where:
            return np.zeros((*part.shape[1:], self.count), np.uint8)
        total = np.zeros((self.count, *part.shape[1:]), np.uint32)
        for blocks in where:
            total += part[blocks]
        return np.ascontiguousarray(logarithms(total * np.uint32(scale) // np.uint32(len(where)), unit).T)

    def _block_rows(self) -> NDArray[np.float32]:
        """The inputs (_COMMON, N) that all networks take."""
        rows = np.zeros((_COMMON, self.count), np.float32)
        rows[self._level.number] = _ON
        steps = logarithms(self._field.table, 4)
        rows[LEVELS + 1] = int(steps.sum()) // 64
        totals = [self._mean(pair, self._field.total, 4, 4) for pair in self._pairs]
        tops = [self._mean(pair, self._field.top, 4, 16) for pair in self._pairs]
        for row, part in enumerate(totals + tops):
            rows[LEVELS + 2 + row] = part
        for row, (guide, where) in enumerate(self._guides):
            rows[LEVELS + 8 + row] = self._mean(where, guide.total, 4, 4)
        rows[LEVELS + 10] = _ON * (len(self._guides) > 1)
        return rows

    def top(self) -> NDArray[np.float32]:
        """Inputs (TOP_INPUTS, N) of the network for the block's last diagonal."""
        rows = np.zeros((TOP_INPUTS, self.count), np.float32)
        rows[:_COMMON] = self._block
        rows[LEVELS] = logarithms(self._field.table, 4)[63]
        at = _COMMON
        for part in (*self.around, *(part[1] for part in self.guided)):
            for place in (9, 27, 45):
                rows[at] = part[place]
                at += 1
        for row, (guide, where) in enumerate(self._guides):
            rows[_COMMON + 15 + row] = self._mean(where, guide.top, 4, 16)
        return rows

    def dc(self, guess: NDArray[np.int64]) -> NDArray[np.float32]:
        """Inputs (DC_INPUTS, N) of the network for the DC, whose guess is in 16ths of a step."""
        rows = np.zeros((DC_INPUTS, self.count), np.float32)
        rows[:_COMMON] = self._block
        rows[LEVELS] = logarithms(self._field.table, 4)[0]
        pairs = [[self._field.values[near, 0].astype(np.int64) for near in pair] for pair in self._pairs]
        means = [sum(pair) // len(pair) for pair in pairs if pair]
        at = _COMMON
        for known in pairs[:2]:
            rows[at] = logarithms(np.abs(known[0] - known[1]), 2) if known else 0
            at += 1
        rows[at] = logarithms(np.abs(means[0] - means[1]), 2) if len(means) > 1 else 0
        for part in (self._own[1, 2], self._own[2, 1], self._own[2, 2], self._own[1, 3], self._own[3, 1]):
            at += 1
            rows[at] = logarithms(part, 4)
        rows[at + 1] = logarithms(self._sum, 4)
        rows[at + 2] = logarithms(self._number, 4)
        at += 3
        for part in (*self.around, *(part[1] for part in self.guided)):
            rows[at] = part[0]
            at += 1
        if self._surprise is not None:
            rows[_COMMON + 15] = logarithms(np.abs(self._surprise[:, 0]), 8)
        _guess_rows(rows[_COMMON + 16 : _COMMON + 19], guess)
        return rows

    def ac(self, place: int, here: Places, top: NDArray[np.int16], guess: NDArray[np.int64]) -> NDArray[np.float32]:
        """Inputs (AC_INPUTS, n) for a coefficient of the blocks ``here``, whose last diagonals are top."""
        rows = np.zeros((AC_INPUTS, here.size), np.float32)
        v, u = divmod(place, 8)
        diagonal, turned = v + u, v > u
        np.take(self._block, here, axis=1, out=rows[:_COMMON])
        rows[LEVELS] = logarithms(self._field.table, 4)[place]
        at = _COMMON
        order = (1, 0, 2) if turned else (0, 1, 2)
        for part in (*(self.sizes[n] for n in order), *(self.around[n] for n in order)):
            rows[at] = part[place][here]
            at += 1
        own, y, x = self._own, v + 1, u + 1
        side, below = (own[y, x + 1][here], own[y + 1, x][here])
        rows[at], rows[at + 1] = logarithms(below if turned else side, 2), logarithms(side if turned else below, 2)
        rows[at + 2] = logarithms(own[y + 1, x + 1][here], 2)
        rows[at + 3] = logarithms(own[y, x + 2][here].astype(np.int64) + own[y + 2, x][here], 2)
        rows[at + 4] = logarithms(own[y - 1, x + 1][here].astype(np.int64) + own[y + 1, x - 1][here], 2)
        rows[at + 5] = logarithms(self._sum[here], 4)
        rows[at + 6] = logarithms(self._number[here], 4)
        rows[at + 7] = 8 * (top - diagonal)
        first = (top == diagonal) & (self._seen[here] < diagonal)
        rows[at + 8] = _ON * first
        # along odd diagonals the zigzag goes down: how many places of this one come after it
        rows[at + 9] = 8 * first * ((u if diagonal % 2 == 0 else v) - max(0, diagonal - 7))
        at += 10
        for sizes, around in self.guided:
            rows[at], rows[at + 1] = sizes[place][here], around[place][here]
            at += 2
        at = _COMMON + 20
        if self._surprise is not None:
            rows[at] = logarithms(np.abs(self._surprise[here, place]), 8)
        _guess_rows(rows[at + 1 : at + 4], guess)
        rows[at + 4 + min(v, u)] = _ON
        rows[at + 11] = 4 * (diagonal - LAST_GROUP) if diagonal > LAST_GROUP else _ON * turned
        return rows

    def learn(self, place: int, here: Places, values: NDArray[np.integer[Any]]) -> None:
        """Take in the values of an AC coefficient of the blocks ``here``."""
        v, u = divmod(place, 8)
        sizes = np.minimum(np.abs(values), 255).astype(np.uint8)
        self._own[v + 1, u + 1][here] = sizes
        self._sum[here] += sizes
        self._number[here] += sizes > 0
        self._seen[here[sizes > 0]] = v + u


def _guess_rows(rows: NDArray[np.float32], guess: NDArray[np.int64]) -> None:
    """Three inputs: how large a guess is, and how far from a whole number: outwards or inwards, and at all."""
    fraction = ((guess + 8) & 15) - 8
    rows[0] = logarithms(np.abs(guess), 4)
    rows[1] = 64 + 8 * np.where(guess < 0, -fraction, fraction)
    rows[2] = 8 * np.abs(fraction)


def _beneath(blocks: Places, field: Field, guide: Field) -> list[Places]:
    """The blocks of a guide that cover the same part of the picture as some blocks of a field do."""
    y, x = np.divmod(blocks, field.columns)
    down, across = max(1, guide.rows // field.rows), max(1, guide.columns // field.columns)
    return [
        (y * guide.rows // field.rows + a) * guide.columns + x * guide.columns // field.columns + b
        for a in range(down)
        for b in range(across)
    ]
