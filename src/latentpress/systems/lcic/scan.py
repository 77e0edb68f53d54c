"""A chroma plane in a hierarchy, once for both ways (Kim and Cho 2014).

The even columns of the even rows are coded by gradients. Then come the odd columns of the even rows, and the odd rows:
lines that lie between two known ones, so that a pixel can be predicted across, from both, or along its own line.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from latentpress.codecs.gradients import code_gradients, code_residual, residual_tables
from latentpress.codecs.lossless.fast import compiled
from latentpress.codecs.symbols import code_symbol, finish, start

__all__ = ["code_rows"]

Integers = NDArray[np.int64]
Bytes = NDArray[np.uint8]

_BETTER = 3  # by how much along must be better than across to count as the direction of a pixel
_BORDERS = np.array([1, 2, 4, 8, 16, 32, 64])  # between the classes of how far the two known lines are apart


@compiled
def _code_between(
    coder: Integers, data: Bytes, known: Integers, lines: Integers, largest: int, shift: int, writing: bool
) -> None:
    """Code ``lines`` (h, w), each between two of ``known``; below the last there may be none."""
    height, width = lines.shape
    values = largest + 1
    tables, turns = residual_tables(), np.ones((3, 3), np.int64)
    turns[:, 2] = 2
    before = np.zeros(width + 1, np.int64)  # whether pixels of the line before went along it, and those of this one
    for y in range(height):
        above, below = known[y], known[min(y + 1, known.shape[0] - 1)]
        before[0] = 0
        wrong = 0
        for x in range(width):
            across = (above[x] + below[x] + 1) >> 1
            along = lines[y, x - 1] if x else across
            true = lines[y, x]
            around = before[x] + before[x + 1]
            turn = int(abs(true - along) + (_BETTER << shift) < abs(true - across)) if writing else 0
            if around:
                turn = code_symbol(coder, data, turns[around], turn, writing)
            expected = along if turn and around else across
            apart, energy = (abs(above[x] - below[x]) + abs(wrong)) >> shift, 0
            while energy < 7 and apart >= _BORDERS[energy]:
                energy += 1
            wrong = code_residual(coder, data, tables, energy, true - expected, values, shift, writing)
            lines[y, x] = (expected + wrong) % values
            if not around:
                found = lines[y, x]
                turn = int(abs(found - along) + (_BETTER << shift) < abs(found - across))
            before[x + 1] = turn


@compiled
def code_rows(samples: Integers, data: Bytes, largest: int, shift: int, writing: bool) -> int:
    """Code samples 0 .. ``largest`` (H, W) into ``data`` or out of it; gives the bytes used. shift: bits of a sample
    beyond 8.
    """
    coder = start(data, writing)
    even, odd = samples[::2].copy(), samples[1::2].copy()
    first, second = even[:, ::2].copy(), even[:, 1::2].copy().T.copy()
    code_gradients(coder, data, first, largest, shift, writing)
    _code_between(coder, data, first.T.copy(), second, largest, shift, writing)
    even[:, ::2], even[:, 1::2] = first, second.T
    _code_between(coder, data, even, odd, largest, shift, writing)
    samples[::2], samples[1::2] = even, odd
    return finish(coder, data, writing)
